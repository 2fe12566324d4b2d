/**
 * A socket without a network: what a diagram says comes in, and what the client reads of the output goes out.
 *
 * Strategy: as with a real socket, what the client sends comes in reads of 64 KiB at most, each in an event of its own,
 * and what it sends while the server does not read waits, in order. Nothing waits on the way out: a write is done when
 * the client has read all of it, so that what the server holds is exactly what the client has not read. Whether the
 * server learns that within its write, as of TCP, or in a later event, as of TLS and any stream, is the test's choice.
 */
import { Observable, type Observer, type SchedulerLike } from 'rxjs'
import type { Ownership } from '../buffer/ownership.js'
import { oneOf } from '../connection/option-check.js'
import type { Addresses, Output, Received, SocketWatcher, Transport, WriteObserver } from '../runtime/transport.js'
import { gathered } from './bytes.js'
import { Pace } from './pace.js'
import { ConnectionResetError } from './test-errors.js'
import { TestSocket, type Wire } from './test-socket.js'

/** When a server learns that its write was taken: within the write, as of TCP, or later, as of TLS. */
export type Taking = 'at once' | 'later'

/** What an option takes that is a {@link Taking}. */
export const TAKING = oneOf('at once', 'later')

/** How a client takes what the server writes. */
export interface Reading {
  readonly takes?: Taking | undefined
  /** As many bytes a second: no limit unless given. */
  readonly readRate?: number | undefined
  /** What the server sees of who connects: the name of the client, in the clear, unless given. */
  readonly remoteAddress?: string
  readonly isEncrypted?: boolean
}

/** How much a socket of Node reads at once. */
const READ_BYTES = 65_536

/** What the other end sees. */
export interface Peer {
  received(bytes: Uint8Array): void
  /** The server ended its side. */
  ended(): void
  /** Nothing goes either way any more; who broke the connection, or null where it just ended. */
  closed(breaker: 'client' | 'server' | null): void
  /** The server stops or resumes reading. */
  paused(isPaused: boolean): void
}

/** There are no ports without a network. */
const NO_ADDRESSES: Addresses = { remotePort: null, localAddress: '', localPort: null }

/** What comes from the client. */
export type Arrival = Uint8Array | 'end' | 'reset'

/** The server's end of a connection in a test. */
export class TestTransport implements Transport, Wire {
  readonly remoteAddress: string
  readonly addresses: Addresses
  readonly isEncrypted: boolean
  readonly peerCertificate: null
  readonly answersAtOnce: boolean
  private readonly peer: Peer
  private readonly scheduler: SchedulerLike
  private readonly inbox: Arrival[]
  private outbox: Uint8Array
  private writeLength: number
  private writer: WriteObserver | null
  private credit: number
  private readonly pace: Pace
  private subscriber: Observer<Received> | null
  protected isPaused: boolean
  private isDelivering: boolean
  /** Whether the end of the input was delivered: nobody listens to {@link bytes$} any more. */
  private hasInputEnded: boolean
  private isClosed: boolean
  private socket: TestSocket | null

  constructor(peer: Peer, scheduler: SchedulerLike, address: string, reading: Reading = {}) {
    this.remoteAddress = reading.remoteAddress ?? address
    this.addresses = NO_ADDRESSES
    this.isEncrypted = reading.isEncrypted ?? false
    this.peerCertificate = null
    this.answersAtOnce = reading.takes !== 'later'
    this.peer = peer
    this.scheduler = scheduler
    this.inbox = []
    this.outbox = new Uint8Array(0)
    this.writeLength = 0
    this.writer = null
    this.credit = Infinity
    this.pace = new Pace(scheduler, reading.readRate ?? Infinity, () => { this.send() })
    this.subscriber = null
    this.isPaused = false
    this.isDelivering = false
    this.hasInputEnded = false
    this.isClosed = false
    this.socket = null
  }

  /** The client sends bytes, ends its side, or breaks the connection. */
  arrive(arrival: Arrival): void {
    if (this.isClosed) return
    if (arrival === 'reset') this.inbox.length = 0
    if (typeof arrival === 'string') this.inbox.push(arrival)
    else this.inbox.push(...readsOf(arrival))
    if (!this.isDelivering || arrival === 'reset') this.deliver()
  }

  /** From now on the client reads everything (true), nothing (false), or so many bytes more. */
  reads(amount: boolean | number): void {
    if (typeof amount === 'boolean') this.credit = amount ? Infinity : 0
    else this.credit = (this.credit === Infinity ? 0 : this.credit) + amount
    this.send()
  }

  /** Only a transport that answers at once knows. */
  get unwrittenBytes(): number {
    return this.answersAtOnce ? this.outbox.length : 0
  }

  /** How many bytes of the write that is under way were taken. */
  get takenBytes(): number {
    return this.writer === null ? 0 : this.writeLength - this.outbox.length
  }

  /** How many bytes came that the server has not read. */
  get unreadBytes(): number {
    return this.inbox.reduce((sum, arrival) => sum + (typeof arrival === 'string' ? 0 : arrival.length), 0)
  }

  get bytes$(): Observable<Received> {
    return new Observable(subscriber => {
      this.subscriber = subscriber
      this.deliverLater()
      return () => { this.subscriber = null }
    })
  }

  prefer(_ownership: Ownership): void {
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
    if (this.isClosed) return this.refuse(writer)
    this.outbox = gathered(output)
    this.writeLength = this.outbox.length
    if (!this.answersAtOnce) this.writer = writer
    this.send()
    if (this.outbox.length === 0 && this.answersAtOnce) return true
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
    this.peer.closed(isReset ? 'server' : null)
    this.socket?.closed()
  }

  release(onClose: () => void, watcher: SocketWatcher | null): TestSocket {
    this.subscriber = null
    this.isPaused = true
    this.socket = new TestSocket(this, this.remoteAddress, { closed: onClose, watcher })
    return this.socket
  }

  unread(bytes: Uint8Array): void {
    this.inbox.unshift(bytes)
    if (!this.isPaused) this.deliverLater()
  }

  listen(observer: Observer<Received>): void {
    this.subscriber = observer
  }

  /** As a socket does, behind a reset: who wrote hears of it, but not within the write. */
  private refuse(writer: WriteObserver): false {
    this.scheduler.schedule(() => { writer.written(new ConnectionResetError('client')) })
    return false
  }

  private deliverLater(): void {
    if (this.isDelivering || this.inbox.length === 0) return
    this.isDelivering = true
    this.scheduler.schedule(() => {
      this.isDelivering = false
      this.deliver()
    })
  }

  /** One read; the next is another event. */
  private deliver(): void {
    if (!this.mayDeliver()) return
    const arrival = this.inbox.shift()
    if (arrival === 'end') this.complete()
    else if (arrival === 'reset') this.fail()
    else if (arrival !== undefined) this.subscriber?.next({ bytes: arrival, ownership: 'owned' })
    if (this.mayDeliver()) this.deliverLater()
  }

  /** A reset is seen at once; nothing else is while the reader pauses. */
  private mayDeliver(): boolean {
    if (this.inbox.length === 0) return false
    if (this.inbox[0] === 'reset') return this.subscriber !== null || this.hasInputEnded
    return this.subscriber !== null && !this.isPaused
  }

  private complete(): void {
    this.hasInputEnded = true
    this.subscriber?.complete()
  }

  private fail(): void {
    const { writer } = this
    this.peer.closed('client')
    this.isClosed = true
    this.writer = null
    if (this.subscriber !== null) this.subscriber.error(new ConnectionResetError('client'))
    else writer?.written(new ConnectionResetError('client'))
  }

  private send(): void {
    if (this.isClosed) return
    const count = this.pace.take(Math.min(this.credit, this.outbox.length))
    if (count === 0) return
    const bytes = this.outbox.slice(0, count)
    this.outbox = this.outbox.subarray(count)
    this.credit -= count
    this.peer.received(bytes)
    const { writer } = this
    if (this.outbox.length > 0 || writer === null) return
    this.writer = null
    if (this.answersAtOnce) writer.written(null)
    else this.scheduler.schedule(() => { if (!this.isClosed) writer.written(null) })
  }
}

function readsOf(bytes: Uint8Array): Uint8Array[] {
  const count = Math.max(1, Math.ceil(bytes.length / READ_BYTES))
  return Array.from({ length: count }, (_, index) => bytes.slice(index * READ_BYTES, (index + 1) * READ_BYTES))
}
