/**
 * A server without a port: `serve` and `listen` in virtual time.
 *
 * Strategy: from the connections inwards it is the real server's code. Only accepting sockets and time are replaced.
 */
import { asyncScheduler, noop, ReplaySubject, Subject, type Observable } from 'rxjs'
import { checkOptions } from '../connection/option-check.js'
import { checkListenOptions, type ListenOptions } from '../node/listen-options.js'
import { closingOf, type CloseOptions } from '../reactive/close-options.js'
import { Connections, type ConnectionsOwner } from '../reactive/connections.js'
import type { Connection, HttpConnection, ServerContext } from '../reactive/http-connection.js'
import { serverContext } from '../reactive/server-context.js'
import type { Handler, Reqd } from '../reactive/streamed-reqd.js'
import type { ConnectionEvent } from '../runtime/events.js'
import { isPromise } from '../thrown.js'
import type { Activity } from './activity.js'
import { isAsyncSource, silence } from './async-guard.js'
import { CLIENT_KINDS, scriptOf, type ClientOptions, type ClientValues, type Script } from './client-script.js'
import { nameOf, show } from './show.js'
import { TestClient } from './test-client.js'
import { AsyncCodeError, EndlessResponseError } from './test-errors.js'
import type { Taking, TestTransport } from './test-transport.js'
import { labelled, type MarbleScheduler } from './virtual-time.js'

/** The number of turns (of 256 KiB each) in one frame that counts as an endless response. */
const MAX_WRITES_A_FRAME = 256

/** What the servers of a test share. */
export interface Surroundings {
  readonly scheduler: MarbleScheduler
  /** Null in a synchronous run. */
  readonly activity: Activity | null
  /** The default of {@link ClientOptions.takes}. */
  readonly takes: Taking
}

/** A server of a test. */
export class TestServer {
  /** The requests of all clients. */
  readonly requests$: Observable<Reqd>
  /** The connections, when the clients connect. */
  readonly connections$: Observable<Connection>
  /** The events of all connections. */
  readonly events$: Observable<ConnectionEvent>
  /** Errors of handlers and protocol errors of clients. */
  readonly errors$: Observable<unknown>
  /** Emits and completes when closing begins. */
  readonly draining$: Observable<void>
  /** Emits and completes when the server is closed and all connections are over. */
  readonly closed$: Observable<void>
  private readonly scheduler: MarbleScheduler
  private readonly takes: Taking
  private readonly options: ListenOptions
  private readonly context: ServerContext
  private readonly clients: TestClient[]
  private readonly connections: Connections
  private readonly connects: Subject<Connection>
  private readonly errors: Subject<unknown>
  private readonly reported: unknown[]
  private readonly draining: ReplaySubject<void>
  private readonly closing: ReplaySubject<void>
  private isOver: boolean
  private writes: { frame: number; count: number }

  /** @internal */
  constructor(handler: Handler | null, options: ListenOptions, { scheduler, activity, takes }: Surroundings) {
    checkListenOptions(options)
    this.scheduler = scheduler
    this.takes = takes
    this.options = options
    this.clients = []
    this.connects = new Subject()
    this.errors = new Subject()
    this.reported = []
    this.draining = new ReplaySubject(1)
    this.closing = new ReplaySubject(1)
    this.isOver = false
    this.writes = { frame: 0, count: 0 }
    this.context = this.createContext(handler)
    this.connections = new Connections(this.context, this.admission(), scheduler)
    const requests = (this.context.requests = new Subject())
    const events = (this.context.events = new Subject())
    requests.subscribe(reqd => {
      activity?.own(nameOf(reqd))
      this.clientOf(reqd)?.requested(reqd)
    })
    events.subscribe(event => { this.clients[event.connection - 1]?.happened(event) })
    this.requests$ = labelled(requests.asObservable(), 'requests$')
    this.connections$ = labelled(this.connects.asObservable(), 'connections$')
    this.events$ = labelled(events.asObservable(), 'events$')
    this.errors$ = labelled(this.errors.asObservable(), 'errors$')
    this.draining$ = labelled(this.draining.asObservable(), 'draining$')
    this.closed$ = labelled(this.closing.asObservable(), 'closed$')
    options.signal?.addEventListener('abort', () => { this.close() })
  }

  /**
   * Returns a client that connects at frame 0, or at `^`, and sends the values of the letters in its diagram; `|`
   * half-closes, `#` resets the connection.
   */
  connect(sends: string, values: ClientValues = {}, options: ClientOptions = {}): TestClient {
    checkOptions(options, CLIENT_KINDS)
    return this.play(scriptOf(sends, values, options))
  }

  /** Returns a client that performs the script. @internal */
  play(script: Script): TestClient {
    const line = { ...script.line, takes: script.line.takes ?? this.takes }
    const client = new TestClient(`client ${this.clients.length + 1}`, this.scheduler, line)
    this.clients.push(client)
    this.scheduler.whenRunning(() => { this.perform(client, script) })
    return client
  }

  /**
   * Stops accepting, and closes after the responses in flight and those to requests on idle connections within
   * `idleMs`; connections open after `graceMs` are cut.
   */
  close(options: CloseOptions = {}): void {
    const times = closingOf(options, this.options)
    this.draining.next()
    this.draining.complete()
    this.connections.close(times)
  }

  /** The requests without a response. @internal */
  get unanswered(): Reqd[] {
    return this.clients.flatMap(client => client.unanswered)
  }

  /** The requests whose responses have begun and not ended. @internal */
  get unfinished(): Reqd[] {
    return this.clients.flatMap(client => client.unfinished)
  }

  /** Cuts all connections and reports no further errors, which are not the application's. @internal */
  cut(): void {
    this.isOver = true
    this.connections.cut()
  }

  /** Notes that help to understand a failed expectation. @internal */
  notes(): string[] {
    const errors = this.reported.map(error => `The server reported ${show(error)}`)
    const requests = this.unanswered.map(reqd => `Nobody answered ${nameOf(reqd)}`)
    return [...errors, ...requests, ...this.clients.flatMap(client => client.notes)]
  }

  private perform(client: TestClient, { opens, reads, sends }: Script): void {
    const at = (frame: number, act: () => void): void => { this.scheduler.schedule(act, frame) }
    at(opens, () => { client.open(transport => this.accept(client, transport)) })
    for (const { frame, amount } of reads) at(frame, () => { client.reads(amount) })
    for (const { frame, notification } of sends) at(frame, () => { client.sends(notification) })
  }

  private createContext(handler: Handler | null): ServerContext {
    const { scheduler } = this
    return serverContext(handler === null || scheduler.settlesPromises ? handler : this.guarded(handler), {
      ...this.options,
      onError: (error, reqd) => { this.report(error, reqd) },
    }, {
      // Virtual while the test runs. An interval on the TestScheduler itself would nest its ticks too deeply.
      scheduler: asyncScheduler,
      defer: task => { scheduler.schedule(() => { task.run() }) },
      later: task => { this.later(task) },
      // Input is read at once.
      afterRead: task => { task() },
      onError: noop,
    }, connection => { this.connections.forget(connection) })
  }

  /** Accepts clients at once: there is no backlog. */
  private admission(): ConnectionsOwner {
    return {
      accepted: connection => {
        this.clients[connection.id - 1].connection = connection
        this.connects.next(connection)
        if (this.context.handler !== null) connection.start()
      },
      stopAccepting: done => { done() },
      abandon: noop,
      isBusy: false,
      closed: () => {
        this.closing.next()
        this.closing.complete()
      },
    }
  }

  /** Wraps a handler: the test fails if it returns a promise or an asynchronous source. */
  private guarded(handler: Handler): Handler {
    return reqd => {
      const result = handler(reqd)
      if (!isAsyncSource(result) && !isPromise(result)) return result
      this.scheduler.fail(new AsyncCodeError(`The handler of ${nameOf(reqd)} returned ${kindOf(result)}`))
      if (isPromise(result)) silence(result)
    }
  }

  private report(error: unknown, reqd: Reqd | null): void {
    if (this.isOver) return
    this.reported.push(error)
    this.options.onError?.(error, reqd)
    this.errors.next(error)
  }

  private later(task: () => void): void {
    const { frame } = this.scheduler
    if (frame !== this.writes.frame) this.writes = { frame, count: 0 }
    if (++this.writes.count > MAX_WRITES_A_FRAME) this.scheduler.fail(new EndlessResponseError())
    else this.scheduler.schedule(task)
  }

  private accept(client: TestClient, transport: TestTransport): HttpConnection | null {
    const { maxConnections = Infinity } = this.options
    if (!this.connections.isOpen || this.connections.size >= maxConnections) {
      transport.destroy(false)
      return null
    }
    return this.connections.accept(this.clients.indexOf(client) + 1, transport)
  }

  private clientOf(reqd: Reqd): TestClient | undefined {
    return this.clients.find(client => client.request === reqd.request)
  }
}

function kindOf(result: unknown): string {
  return isPromise(result) ? 'a promise' : 'an async iterable or a stream'
}
