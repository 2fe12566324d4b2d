/**
 * The server behind `listen`, whose connections go through a pipeline.
 *
 * Strategy: in RxJS an operator that throws ends its pipeline, and `retry` subscribes again, at once or later. If the
 * socket were closed in between, new clients would be refused and connected ones reset. So the listening socket and the
 * connections stay open and arrivals wait until the same Observable is subscribed again. The hold ends when that can no
 * longer happen (the final consumer is gone), when the grace period is over, or when another `listen` needs the same
 * port or path.
 */
import { throwError, type Subscriber, type Subscription, type TeardownLogic } from 'rxjs'
import { LONGEST_TIME } from '../connection/option-check.js'
import { ListenError } from '../errors.js'
import { HttpConnection, type Connection } from '../reactive/http-connection.js'
import type { PipelineOwner } from '../reactive/pipeline.js'
import { requestOf } from '../reactive/request-pipeline.js'
import { onAbort } from './abort-listeners.js'
import { closingOf } from '../reactive/close-options.js'
import type { ListenOptions } from './listen-options.js'
import { Listener, type ListenerHost } from './listener.js'

/** The servers whose pipeline failed and may be resubscribed. */
const held = new Set<ListenRun>()

/** One listening socket, and the successive pipelines that handle its connections. */
export class ListenRun implements ListenerHost, PipelineOwner {
  private readonly options: ListenOptions
  private readonly listener: Listener
  private subscriber: Subscriber<Connection> | null
  /** Removes the listener of the signal. */
  private stopWaiting: (() => void) | null
  /** The connection that is being emitted; null if none is. */
  private emitted: HttpConnection | null
  /** The timer of the grace period after a failure; null while the pipeline works. */
  private grace: Subscription | null
  /** The error that ended a pipeline and answered a request; null before. */
  private failure: unknown

  /** @throws {@link LocalProtocolError} as {@link Listener} */
  constructor(options: ListenOptions) {
    this.options = options
    this.listener = new Listener(null, options, this)
    this.subscriber = null
    this.stopWaiting = null
    this.emitted = null
    this.grace = null
    this.failure = null
  }

  /** Whether the pipeline failed and the run waits for another. */
  get isHeld(): boolean {
    return this.grace !== null
  }

  /** Starts listening for the first subscriber; passes the open connections to a later one. */
  serve(subscriber: Subscriber<Connection>): TeardownLogic {
    const isFirst = this.subscriber === null
    this.subscriber = subscriber
    this.failure = null
    this.endHold()
    if (isFirst) this.start()
    else this.emitLeft(subscriber)
    return () => { if (this.subscriber === subscriber && !this.isHeld) this.close() }
  }

  listening(): void {
    // `listen` does not report it.
  }

  accepted(connection: HttpConnection): void {
    if (!this.isHeld) this.emit(connection)
  }

  failed(error: Error): void {
    this.stopWaiting?.()
    this.subscriber?.error(error)
  }

  closed(): void {
    this.stopWaiting?.()
    this.subscriber?.complete()
  }

  /**
   * Answers the pending requests with the error. The connection that was being emitted is closed: if it caused the
   * failure, it would also fail the next pipeline.
   */
  pipelineFailed(error: unknown): void {
    const { listener } = this
    if (!listener.isOpen) return
    for (const connection of listener.connections) if (connection.hold(error)) this.failure = error
    this.emitted?.close()
    this.hold()
  }

  consumerLeft(): void {
    if (this.isHeld) this.giveUp()
  }

  consumerFailed(error: unknown, _kind: string, value?: unknown): void {
    // RxJS reports this error, which ends the process; no client can cause it.
    if (error instanceof ListenError) return void throwError(() => error).subscribe()
    if (value instanceof HttpConnection) value.close()
    const reqd = requestOf(value)
    if (reqd !== null) reqd.reportExn(error)
    else if (error !== this.failure) this.listener.context.onError(error, null)
  }

  private start(): void {
    const { signal } = this.options
    for (const run of held) if (isSamePlace(run.options, this.options)) run.giveUp()
    this.listener.start()
    if (signal?.aborted === true) this.close()
    else if (signal !== undefined) this.stopWaiting = onAbort(signal, () => { this.close() })
  }

  /** Emits the connections without a subscriber to the new pipeline, after the current call stack. */
  private emitLeft(subscriber: Subscriber<Connection>): void {
    const connections = [...this.listener.connections]
    this.listener.context.defer({ run: () => {
      for (const connection of connections) {
        if (this.subscriber !== subscriber || this.isHeld) return
        if (connection.requests.isObserved) connection.requests.release()
        else this.emit(connection)
      }
    } })
  }

  private emit(connection: HttpConnection): void {
    this.emitted = connection
    this.subscriber?.next(connection)
    this.emitted = null
  }

  private hold(): void {
    if (this.isHeld) return
    const { graceMs } = closingOf({}, this.options)
    const { scheduler } = this.listener.context.clock
    held.add(this)
    this.grace = scheduler.schedule(() => { this.giveUp() }, Math.min(graceMs, LONGEST_TIME))
  }

  private endHold(): void {
    held.delete(this)
    this.grace?.unsubscribe()
    this.grace = null
  }

  private giveUp(): void {
    this.endHold()
    for (const { requests } of this.listener.connections) requests.release()
    this.close()
  }

  private close(): void {
    this.listener.close(closingOf({}, this.options))
  }
}

function isSamePlace(a: ListenOptions, b: ListenOptions): boolean {
  const { port = 0 } = a
  return a.fd === b.fd && a.path === b.path && port === (b.port ?? 0) && (port !== 0 || a.path !== undefined)
}
