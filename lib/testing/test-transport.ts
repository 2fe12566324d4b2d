/**
 * A socket without a network: what a diagram says comes in, and what the client reads of the output goes out.
 *
 * Strategy: as with a real socket, what the client sends while the server does not read waits, in order. Nothing waits
 * on the way out: a write is done when the client has read all of it, so that what the server holds is exactly what
 * the client has not read.
 */
import { Observable, type Observer, type SchedulerLike } from 'rxjs'
import type { Addresses, Output, Transport, WriteObserver } from '../reactive/transport.js'
import { gathered } from './bytes.js'
import { TestSocket, type Wire } from './test-socket.js'

/** The client broke the connection. */
export class ConnectionResetError extends Error {
  override readonly name = 'ConnectionResetError'
  /** The code that Node gives to it. */
  readonly code = 'ECONNRESET'

  constructor() {
    super('the client reset the connection')
  }
}

/** What the other end sees. */
export interface Peer {
  received(bytes: Uint8Array): void
  /** The server ended its side. */
  ended(): void
  /** Nothing goes either way any more. */
  closed(isReset: boolean): void
  /** The server stops or resumes reading. */
  paused(isPaused: boolean): void
}

/** There are no ports without a network. */
const NO_ADDRESSES: Addresses = { remotePort: null, localAddress: '', localPort: null }

type Arrival = Uint8Array | 'end' | 'reset'

/** The server's end of a connection in a test. */
export class TestTransport implements Transport, Wire {
  readonly remoteAddress: string
  readonly addresses: Addresses
  readonly isEncrypted: boolean
  readonly peerCertificate: null
  readonly isLending: boolean
  readonly answersAtOnce: boolean
  private readonly peer: Peer
  private readonly scheduler: SchedulerLike
  private readonly inbox: Arrival[]
  private outbox: Uint8Array
  private writer: WriteObserver | null
  private credit: number
  private subscriber: Observer<Uint8Array> | null
  private isPaused: boolean
  private isClosed: boolean
  private socket: TestSocket | null

  constructor(peer: Peer, scheduler: SchedulerLike, address: string) {
    this.remoteAddress = address
    this.addresses = NO_ADDRESSES
    this.isEncrypted = false
    this.peerCertificate = null
    this.isLending = false
    this.answersAtOnce = true
    this.peer = peer
    this.scheduler = scheduler
    this.inbox = []
    this.outbox = new Uint8Array(0)
    this.writer = null
    this.credit = Infinity
    this.subscriber = null
    this.isPaused = false
    this.isClosed = false
    this.socket = null
  }

  /** The client sends bytes, ends its side, or breaks the connection. */
  arrive(arrival: Arrival): void {
    if (this.isClosed) return
    if (arrival === 'reset') this.inbox.length = 0
    this.inbox.push(arrival)
    this.deliver()
  }

  /** From now on the client reads everything (true), nothing (false), or so many bytes more. */
  reads(amount: boolean | number): void {
    if (typeof amount === 'boolean') this.credit = amount ? Infinity : 0
    else this.credit = (this.credit === Infinity ? 0 : this.credit) + amount
    this.send()
  }

  get unwrittenBytes(): number {
    return this.outbox.length
  }

  get bytes$(): Observable<Uint8Array> {
    return new Observable(subscriber => {
      this.subscriber = subscriber
      this.deliverLater()
      return () => { this.subscriber = null }
    })
  }

  keepBytes(): void {
    // All bytes are the receiver's to keep.
  }

  pause(): void {
    this.isPaused = true
    this.peer.paused(true)
  }

  resume(): void {
    this.isPaused = false
    this.peer.paused(false)
    this.deliverLater()
  }

  write(output: Output, writer: WriteObserver): boolean {
    this.outbox = gathered(output)
    this.send()
    if (this.outbox.length === 0) return true
    this.writer = writer
    return false
  }

  end(): void {
    this.peer.ended()
  }

  destroy(isReset: boolean): void {
    if (this.isClosed) return
    this.isClosed = true
    this.inbox.length = 0
    this.writer = null
    this.peer.closed(isReset)
    this.socket?.closed()
  }

  release(onClose: () => void): TestSocket {
    this.subscriber = null
    this.isPaused = true
    this.socket = new TestSocket(this, this.remoteAddress, onClose)
    return this.socket
  }

  unread(bytes: Uint8Array): void {
    this.inbox.unshift(bytes)
    if (!this.isPaused) this.deliverLater()
  }

  listen(observer: Observer<Uint8Array>): void {
    this.subscriber = observer
  }

  private deliverLater(): void {
    if (this.inbox.length > 0) this.scheduler.schedule(() => { this.deliver() })
  }

  private deliver(): void {
    while (this.mayDeliver()) {
      const arrival = this.inbox.shift()
      if (arrival === 'end') this.subscriber?.complete()
      else if (arrival === 'reset') this.fail()
      else if (arrival !== undefined) this.subscriber?.next(arrival)
    }
  }

  /** A reset is seen at once; nothing else is while the reader pauses. */
  private mayDeliver(): boolean {
    if (this.subscriber === null || this.inbox.length === 0) return false
    return !this.isPaused || this.inbox[0] === 'reset'
  }

  private fail(): void {
    this.peer.closed(true)
    this.isClosed = true
    this.subscriber?.error(new ConnectionResetError())
  }

  private send(): void {
    const count = Math.min(this.credit, this.outbox.length)
    if (count === 0 || this.isClosed) return
    const bytes = this.outbox.slice(0, count)
    this.outbox = this.outbox.subarray(count)
    this.credit -= count
    this.peer.received(bytes)
    const { writer } = this
    if (this.outbox.length > 0 || writer === null) return
    this.writer = null
    writer.written(null)
  }
}
