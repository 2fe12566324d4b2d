/**
 * The transport of the marble kit on a stage: the test decides when bytes arrive, and how much output the client takes.
 * The test also controls time and turns, so that a connection can be observed between two steps.
 */
import { Observable, type SchedulerLike, VirtualTimeScheduler } from 'rxjs'
import type { ConnectionOptions } from '../../lib/reactive/connection-options.js'
import { HttpConnection, type ServerContext } from '../../lib/reactive/http-connection.js'
import { serverContext } from '../../lib/reactive/server-context.js'
import type { Handler } from '../../lib/reactive/streamed-reqd.js'
import type { Ownership } from '../../lib/buffer/ownership.js'
import type { Output, Received, WriteObserver } from '../../lib/runtime/transport.js'
import type { Task } from '../../lib/runtime/turn-tasks.js'
import { TestTransport } from '../../lib/testing/test-transport.js'
import { latin1 } from './splits.js'

/** The kit's transport, whose client records everything that it receives. */
export class FakeTransport extends TestTransport {
  /** The ownership with which input is delivered. */
  ownership: Ownership = 'owned'
  /** The output that the client received. */
  text = ''
  /** The number of writes. */
  writes = 0
  /** Whether the server does not read. */
  declare isPaused: boolean
  /** Whether the server ended its side. */
  hasEnded = false
  /** How it was destroyed, or null. */
  closed: 'closed' | 'reset' | null = null
  /** How often it was destroyed. */
  destroyed = 0
  /** The ownership that the server prefers. */
  preferred: Ownership = 'lent'
  /** The number of subscribers of its input. */
  listeners = 0
  private lastWriter: WriteObserver | null = null

  constructor(scheduler: SchedulerLike) {
    super({
      received: bytes => { this.text += Buffer.from(bytes).toString('latin1') },
      ended: () => { this.hasEnded = true },
      closed: () => undefined,
      paused: () => undefined,
    }, scheduler, 'a fake')
  }

  /** The number of bytes that the client takes. */
  set capacity(count: number) {
    this.reads(count === Infinity)
    if (count < Infinity) this.reads(count)
  }

  override get bytes$(): Observable<Received> {
    const received$ = super.bytes$
    return new Observable(subscriber => {
      this.listeners++
      subscriber.add(() => { this.listeners-- })
      subscriber.add(received$.subscribe({
        next: ({ bytes, length }) => {
          subscriber.next({ bytes, length, ownership: this.ownership })
          if (this.ownership === 'lent') bytes.fill(0)
        },
        error: error => { subscriber.error(error) },
        complete: () => { subscriber.complete() },
      }))
    })
  }

  override prefer(ownership: Ownership): void {
    this.preferred = ownership
  }

  override write(output: Output, writer: WriteObserver): boolean {
    this.writes++
    this.lastWriter = writer
    return super.write(output, writer)
  }

  override destroy(isReset: boolean): void {
    this.destroyed++
    this.closed ??= isReset ? 'reset' : 'closed'
    super.destroy(isReset)
  }

  /** The client sends bytes, which are only lent where {@link ownership} says so. */
  receive(input: string | Uint8Array): void {
    this.arrive(typeof input === 'string' ? latin1(input) : input)
  }

  /** The client half-closes. */
  endInput(): void {
    this.arrive('end')
  }

  /** The write in flight fails. */
  failWrite(error: Error): void {
    this.lastWriter?.written(error)
  }

  /** The client resets the connection. */
  breakDown(): void {
    this.arrive('reset')
  }
}

/** A server with one connection, controlled step by step. */
export class Stage {
  readonly time = new VirtualTimeScheduler()
  readonly transport = new FakeTransport(this.time)
  readonly errors: unknown[] = []
  /** What the platform reports: exceptions of `onError`. */
  readonly reported: unknown[] = []
  readonly context: ServerContext
  readonly connection: HttpConnection
  /** How often the connection reported that it is closed. */
  closed = 0
  /** Tasks that wait for a turn of other connections. */
  readonly later: (() => void)[] = []
  private deferred: Task[] = []

  constructor(handler: Handler | null, options: ConnectionOptions = {}) {
    this.context = serverContext(handler, { onError: error => { this.errors.push(error) }, ...options }, {
      scheduler: this.time,
      defer: task => { this.deferred.push(task) },
      later: task => { this.later.push(task) },
      afterRead: task => { task() },
      onError: error => { this.reported.push(error) },
    }, () => { this.closed++ })
    this.connection = new HttpConnection(1, this.transport, this.context)
  }

  /** Returns a stage whose connection reads. */
  static open(handler: Handler | null, options?: ConnectionOptions): Stage {
    const stage = new Stage(handler, options)
    stage.connection.start()
    return stage
  }

  /** The client sends, and deferred tasks are run. */
  receive(input: string | Uint8Array): this {
    this.transport.receive(input)
    return this.settle()
  }

  /** The client takes that many bytes more. */
  take(count: number): this {
    this.transport.reads(count === Infinity ? true : count)
    return this.settle()
  }

  /** Runs the tasks that were deferred to the end of the current event. */
  settle(): this {
    do {
      for (let task = this.deferred.shift(); task !== undefined; task = this.deferred.shift()) task.run()
      this.time.maxFrames = this.time.now()
      this.time.flush()
    } while (this.deferred.length > 0)
    return this
  }

  /** Gives the connection its next turn. */
  turn(): this {
    for (const task of this.later.splice(0)) task()
    return this.settle()
  }

  /** Time passes, in milliseconds. */
  pass(ms: number): this {
    this.time.maxFrames = this.time.now() + ms
    const end = this.time.now() + ms
    this.time.flush()
    this.time.frame = end
    return this.settle()
  }

  /** The output that the client received. */
  get text(): string {
    return this.transport.text
  }

  /** Whether the server has a timer: its clock ticks as long as it has a connection. */
  get hasTimer(): boolean {
    return this.time.actions.length > 0
  }

  /** The bytes of responses that the client has not taken, heads and frames included, as the marble kit counts them. */
  get heldBytes(): number {
    return this.connection.pendingBytes
  }
}
