/**
 * A transport whose other end is a test: bytes come in when the test says so, and as many go out as the test takes.
 * Time and turns are the test's as well, so that what a connection does between two of its steps can be seen.
 */
import { Observable, type Observer, VirtualTimeScheduler } from 'rxjs'
import { IOVec } from '../../lib/buffer/iovec.js'
import type { ConnectionOptions } from '../../lib/reactive/connection-options.js'
import { HttpConnection, type ServerContext } from '../../lib/reactive/http-connection.js'
import type { BodySubject } from '../../lib/reactive/response-body/body-subject.js'
import { serverContext } from '../../lib/reactive/server-context.js'
import type { Handler, Reqd } from '../../lib/reactive/streamed-reqd.js'
import type { Ownership } from '../../lib/buffer/ownership.js'
import type { Output, Received, Transport, WriteObserver } from '../../lib/runtime/transport.js'
import { latin1 } from './splits.js'

/** The server's end of a connection. */
export class FakeTransport implements Transport {
  readonly remoteAddress = 'a fake'
  readonly addresses = { remotePort: 1, localAddress: 'here', localPort: 2 }
  readonly isEncrypted = false
  readonly peerCertificate = null
  /** How the bytes come that the client sends. */
  ownership: Ownership = 'owned'
  answersAtOnce = true
  /** What the client got. */
  text = ''
  /** How many writes there were. */
  writes = 0
  /** How many bytes the client takes: each one it gets is taken off. */
  capacity = Infinity
  isPaused = false
  hasEnded = false
  /** How it was destroyed, or null. */
  closed: 'closed' | 'reset' | null = null
  /** How often it was destroyed. */
  destroyed = 0
  /** How bytes were last said to be wanted. */
  preferred: Ownership = 'lent'
  /** How often it is listened to. */
  listeners = 0
  private observer: Observer<Received> | null = null
  private waiting: Uint8Array = new Uint8Array(0)
  private writer: WriteObserver | null = null
  private onClose: (() => void) | null = null

  get unwrittenBytes(): number {
    return this.waiting.length
  }

  get bytes$(): Observable<Received> {
    return new Observable(subscriber => {
      this.observer = subscriber
      this.listeners++
      return () => {
        this.observer = null
        this.listeners--
      }
    })
  }

  prefer(ownership: Ownership): void {
    this.preferred = ownership
  }

  pause(): void {
    this.isPaused = true
  }

  resume(): void {
    this.isPaused = false
  }

  write(output: Output, writer: WriteObserver): boolean {
    this.writes++
    this.waiting = typeof output === 'string' ? latin1(output) : Buffer.concat(output.map(iovec => IOVec.view(iovec)))
    this.send()
    if (this.waiting.length === 0) return true
    this.writer = writer
    return false
  }

  end(): void {
    this.hasEnded = true
  }

  destroy(isReset: boolean): void {
    this.destroyed++
    this.closed ??= isReset ? 'reset' : 'closed'
    this.onClose?.()
    this.onClose = null
  }

  release(onClose: () => void): this {
    this.onClose = onClose
    return this
  }

  /** The client sends bytes. */
  receive(input: string | Uint8Array): void {
    const bytes = typeof input === 'string' ? latin1(input) : input
    this.observer?.next({ bytes, ownership: this.ownership })
    if (this.ownership === 'lent') bytes.fill(0)
  }

  /** The client ends its side. */
  endInput(): void {
    this.observer?.complete()
  }

  /** The transport breaks. */
  breakDown(error: unknown): void {
    this.observer?.error(error)
  }

  /** The client takes so many bytes more. */
  take(count: number): void {
    this.capacity = (this.capacity === Infinity ? 0 : this.capacity) + count
    this.send()
    if (this.waiting.length === 0) this.finish()
  }

  /** The write that is under way fails. */
  failWrite(error: Error): void {
    this.finish(error)
  }

  private send(): void {
    const count = Math.min(this.capacity, this.waiting.length)
    this.capacity -= count
    this.text += Buffer.from(this.waiting.subarray(0, count)).toString('latin1')
    this.waiting = this.waiting.subarray(count)
  }

  private finish(error?: Error): void {
    const { writer } = this
    this.writer = null
    writer?.written(error ?? null)
  }
}

/** A server with one connection, whose every step is the test's. */
export class Stage {
  readonly transport = new FakeTransport()
  readonly time = new VirtualTimeScheduler()
  readonly errors: unknown[] = []
  readonly context: ServerContext
  readonly connection: HttpConnection
  /** How often the connection said that it is over. */
  closed = 0
  /** What waits until other connections had their turn. */
  readonly later: (() => void)[] = []
  private deferred: (() => void)[] = []

  constructor(handler: Handler | null, options: ConnectionOptions = {}) {
    this.context = serverContext(handler, { onError: error => { this.errors.push(error) }, ...options }, {
      scheduler: this.time,
      defer: task => { this.deferred.push(task) },
      later: task => { this.later.push(task) },
      afterRead: task => { task() },
      onError: () => undefined,
    }, () => { this.closed++ })
    this.connection = new HttpConnection(1, this.transport, this.context)
  }

  /** A stage whose connection reads. */
  static open(handler: Handler | null, options?: ConnectionOptions): Stage {
    const stage = new Stage(handler, options)
    stage.connection.start()
    return stage
  }

  /** The client sends, and what was put off is done. */
  receive(input: string | Uint8Array): this {
    this.transport.receive(input)
    this.settle()
    return this
  }

  /** The client takes so many bytes more. */
  take(count: number): this {
    this.transport.take(count)
    this.settle()
    return this
  }

  /** Does what was put off to the end of what happens now. */
  settle(): this {
    for (let task = this.deferred.shift(); task !== undefined; task = this.deferred.shift()) task()
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

  /** What the client got. */
  get text(): string {
    return this.transport.text
  }
}

/** How many bytes wait in the server for the response to a request. */
export function heldBy(reqd: Reqd): number {
  return (reqd as unknown as { subject: BodySubject | null }).subject?.bodySink.pending ?? 0
}
