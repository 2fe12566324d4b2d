/**
 * A server whose connections go through a pipeline: what stands behind `listen`.
 *
 * Strategy: an operator that throws ends its pipeline, in RxJS, and `retry` begins it anew, at once or later. Were the
 * socket closed in between, clients would be refused, and those on their connections reset. So the listening socket and
 * the connections stay, and what comes waits, until the same Observable is subscribed again; or until nobody can do so
 * any more (the consumer at the end of the pipeline is gone), the time of grace is up, or another server of `listen`
 * wants the place.
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

/** The servers whose pipeline failed, as long as another may take over. */
const held = new Set<ListenRun>()

/** One listening socket, and the pipelines that take its connections, one after the other. */
export class ListenRun implements ListenerHost, PipelineOwner {
  private readonly options: ListenOptions
  private readonly listener: Listener
  private subscriber: Subscriber<Connection> | null
  /** Lets go of the signal. */
  private stopWaiting: (() => void) | null
  /** The connection that is being emitted. */
  private emitted: HttpConnection | null
  /** The end of the time of grace after a failure; null where the pipeline goes on. */
  private grace: Subscription | null
  /** What a pipeline ended with and a request was told of; null before. */
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

  /** Whether its pipeline failed, so that another may take over. */
  get isHeld(): boolean {
    return this.grace !== null
  }

  /** Listens for the first subscriber; for another one, goes on. */
  serve(subscriber: Subscriber<Connection>): TeardownLogic {
    const isFirst = this.subscriber === null
    this.subscriber = subscriber
    this.endHold()
    if (isFirst) this.start()
    else this.emitLeft(subscriber)
    return () => { if (this.subscriber === subscriber && !this.isHeld) this.close() }
  }

  listening(): void {
    // Nobody waits for it.
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
   * The requests that wait in the pipeline are answered with the error. A connection that fails its pipeline by itself
   * would fail the next one.
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
    // That it cannot listen is for RxJS to report, which ends the process; a client can't bring that about.
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

  /** What nobody takes any more is emitted to the next subscriber, once what happens now is over. */
  private emitLeft(subscriber: Subscriber<Connection>): void {
    const connections = [...this.listener.connections]
    this.listener.context.defer(() => {
      for (const connection of connections) {
        if (this.subscriber !== subscriber || this.isHeld) return
        if (connection.requests.isObserved) connection.requests.release()
        else this.emit(connection)
      }
    })
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
