/**
 * `serve`: a server with a handler, which starts at once.
 */
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { SecureContextOptions } from 'node:tls'
import { type Observable, ReplaySubject, Subject } from 'rxjs'
import { GuardedObservable } from '../application/guarded-observable.js'
import { checkValue, FUNCTION } from '../connection/option-check.js'
import type { Connection } from '../reactive/http-connection.js'
import type { Handler, Reqd } from '../reactive/streamed-reqd.js'
import type { ConnectionEvent } from '../runtime/events.js'
import { onAbort } from './abort-listeners.js'
import { closingOf, type CloseOptions } from '../reactive/close-options.js'
import { closedError } from './listen-error.js'
import type { ListenOptions } from './listen-options.js'
import { Listener } from './listener.js'

/** A running server. */
export interface Server extends AsyncDisposable {
  /** The address it listens on; null before and after. */
  readonly address: AddressInfo | string | null
  /** The address as a URL: `http://localhost:8080`. '' before and after, and for Unix sockets. */
  readonly url: string
  /** Fulfilled when it listens; rejected with a {@link ListenError} if it cannot, or is closed before. */
  readonly listening: Promise<Server>
  /** The requests from the subscription on, for watching; the handler handles them. */
  readonly requests$: Observable<Reqd>
  /** The new connections from the subscription on. */
  readonly connections$: Observable<Connection>
  /** The events of all connections from the subscription on. */
  readonly events$: Observable<ConnectionEvent>
  /** Emits once and completes when closing begins, so that long-lived responses can end themselves. */
  readonly draining$: Observable<void>
  /** Fulfilled when it is closed and all connections are over; rejected if it could not listen. */
  readonly closed: Promise<void>
  /** Serves a connection that was accepted elsewhere: a socket, or any other `Duplex` of bytes. */
  accept(socket: Duplex): Connection
  /**
   * Replaces the certificate of a TLS server for future connections. The options are those of `node:tls`; omitted ones
   * keep their values. If it throws, nothing changes.
   *
   * @throws {@link LocalProtocolError} badState: the server does not listen, or has no TLS; and Node's errors for
   *   invalid options
   */
  setSecureContext(options: SecureContextOptions): void
  /** Stops accepting and closes after the responses in flight; see {@link CloseOptions}. Returns {@link closed}. */
  close(options?: CloseOptions): Promise<void>
}

/**
 * Serves each request with `handler`. Listening has begun when this returns; see {@link Server.listening}.
 *
 * @throws {@link LocalProtocolError} badRange, badOption: the handler is not a function, an invalid option, or a
 *   misspelt option name
 */
export function serve(handler: Handler, options: ListenOptions = {}): Server {
  return new RunningServer(handler, options)
}

interface Deferred<T> {
  readonly promise: Promise<T>
  resolve(value: T): void
  reject(error: Error): void
}

function deferred<T>(): Deferred<T> {
  let resolve!: (value: T) => void
  let reject!: (error: Error) => void
  const promise = new Promise<T>((onFulfilled, onRejected) => {
    resolve = onFulfilled
    reject = onRejected
  })
  return { promise, resolve, reject }
}

class RunningServer implements Server {
  private readonly listener: Listener
  private readonly options: ListenOptions
  private readonly abort: () => void
  /** Removes the listener of the signal. */
  private readonly stopWaiting: (() => void) | null
  private readonly ready: Deferred<Server>
  private readonly end: Deferred<void>
  private readonly draining: ReplaySubject<void>
  private connections: Subject<Connection> | null
  private isOver: boolean

  constructor(handler: Handler, options: ListenOptions) {
    this.ready = deferred()
    this.end = deferred()
    this.draining = new ReplaySubject(1)
    this.connections = null
    this.isOver = false
    this.options = options
    const abort = (): void => { void this.close() }
    this.abort = abort
    // A failure also rejects `listening`; an application that ignores `closed` must not get an unhandled rejection.
    this.end.promise.catch(() => undefined)
    checkValue('the handler', handler, FUNCTION)
    this.listener = new Listener(handler, options, {
      listening: () => { this.ready.resolve(this) },
      accepted: connection => {
        this.connections?.next(connection)
        connection.start()
      },
      failed: error => { this.fail(error) },
      closed: () => { this.finish() },
    })
    this.stopWaiting = options.signal === undefined ? null : onAbort(options.signal, this.abort)
    this.listener.start()
    if (options.signal?.aborted === true) this.abort()
  }

  get address(): AddressInfo | string | null {
    return this.listener.address
  }

  get url(): string {
    const { address } = this
    const { host = 'localhost', tls } = this.options
    if (address === null || typeof address === 'string') return ''
    const scheme = tls === undefined ? 'http' : 'https'
    return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${address.port}`
  }

  get listening(): Promise<Server> {
    return this.ready.promise
  }

  get closed(): Promise<void> {
    return this.end.promise
  }

  get draining$(): Observable<void> {
    return this.watched(this.draining)
  }

  get requests$(): Observable<Reqd> {
    const { context } = this.listener
    return this.watched(context.requests ??= this.stream())
  }

  get events$(): Observable<ConnectionEvent> {
    const { context } = this.listener
    return this.watched(context.events ??= this.stream())
  }

  get connections$(): Observable<Connection> {
    return this.watched(this.connections ??= this.stream())
  }

  accept(socket: Duplex): Connection {
    return this.listener.accept(socket)
  }

  setSecureContext(options: SecureContextOptions): void {
    this.listener.setSecureContext(options)
  }

  close(options: CloseOptions = {}): Promise<void> {
    const closing = closingOf(options, this.options)
    this.draining.next()
    this.draining.complete()
    this.listener.close(closing)
    return this.closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  private fail(error: Error): void {
    this.ready.reject(error)
    this.end.reject(error)
    this.completeStreams()
  }

  private finish(): void {
    // Nobody may be awaiting `listening` when the server is closed before it listens.
    this.ready.promise.catch(() => undefined)
    this.ready.reject(closedError(this.options))
    this.end.resolve()
    this.completeStreams()
  }

  /** Guards a stream: clients make it emit, so exceptions of its subscribers must not end the process. */
  private watched<T>(stream: Observable<T>): Observable<T> {
    return GuardedObservable.from(stream, error => { this.listener.context.onError(error, null) })
  }

  private stream<T>(): Subject<T> {
    const stream = new Subject<T>()
    if (this.isOver) stream.complete()
    return stream
  }

  private completeStreams(): void {
    this.isOver = true
    this.stopWaiting?.()
    this.draining.complete()
    this.connections?.complete()
    this.listener.context.requests?.complete()
    this.listener.context.events?.complete()
  }
}
