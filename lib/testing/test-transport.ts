/**
 * A transport without a network: input comes from a diagram, output goes to the client as far as it reads.
 *
 * Strategy: as with a real socket, the client's bytes arrive in reads of at most 64 KiB, each in its own event, and are
 * queued while the server does not read. Output is not buffered: a write completes when the client has read all of it,
 * so the server holds exactly what the client has not read. The test chooses whether the server learns that within its
 * write, as with TCP, or in a later event, as with TLS and other streams.
 */
import { Observable, type Observer, type SchedulerLike } from 'rxjs'
import type { Ownership } from '../buffer/ownership.js'
import { oneOf } from '../connection/option-check.js'
import type {
  Addresses, Output, Received, SocketWatcher, Transport, TransportOwner, WriteObserver,
} from '../runtime/transport.js'
import { Bandwidth } from './bandwidth.js'
import { gathered } from './bytes.js'
import { ConnectionResetError } from './test-errors.js'
import { TestSocket, type Wire } from './test-socket.js'

/** When a server learns that its write was taken: within the write as with TCP, or later as with TLS. */
export type Taking = 'at once' | 'later'

/** The valid values of an option of type {@link Taking}. */
export const TAKING = oneOf('at once', 'later')

/** How a client reads, and how it appears to the server. */
export interface Reading {
  readonly takes?: Taking | undefined
  /** In bytes a second. Default: no limit. */
  readonly readRate?: number | undefined
  /** The address that the server sees. Default: the client's name. */
  readonly remoteAddress?: string
  readonly isEncrypted?: boolean
}

/** The size of one read of a Node socket in bytes. */
const READ_BYTES = 65_536

/** The client's end of the transport. */
export interface Peer {
  received(bytes: Uint8Array): void
  /** The server half-closed. */
  ended(): void
  /** The connection is closed in both directions; `breaker` is the side that cut it, or null if it ended regularly. */
  closed(breaker: 'client' | 'server' | null): void
  /** The server stops or resumes reading. */
  paused(isPaused: boolean): void
}

/** Without a network there are no ports. */
const NO_ADDRESSES: Addresses = { remotePort: null, localAddress: '', localPort: null }

/** One action of the client: bytes, a half-close, or a reset. */
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
  private readonly bandwidth: Bandwidth
  private subscriber: Observer<Received> | null
  protected isPaused: boolean
  private isDelivering: boolean
  /** Whether the end of the input was delivered, after which {@link bytes$} has no subscriber. */
  private hasInputEnded: boolean
  private isClosed: boolean
  private socket: TestSocket | null
  /** The owner after a hand-over. */
  private owner: TransportOwner | null
  /** Whether the server has half-closed. */
  private isOutputEnded: boolean

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
    this.bandwidth = new Bandwidth(scheduler, reading.readRate ?? Infinity, () => { this.send() })
    this.subscriber = null
    this.isPaused = false
    this.isDelivering = false
    this.hasInputEnded = false
    this.isClosed = false
    this.socket = null
    this.owner = null
    this.isOutputEnded = false
  }

  /** Performs an action of the client. */
  arrive(arrival: Arrival): void {
    if (this.isClosed) return
    if (arrival === 'reset') this.inbox.length = 0
    if (typeof arrival === 'string') this.inbox.push(arrival)
    else this.inbox.push(...readsOf(arrival))
    if (!this.isDelivering || arrival === 'reset') this.deliver()
  }

  /** From now on the client reads everything (true), nothing (false), or `amount` bytes more. */
  reads(amount: boolean | number): void {
    if (typeof amount === 'boolean') this.credit = amount ? Infinity : 0
    else this.credit = (this.credit === Infinity ? 0 : this.credit) + amount
    this.send()
  }

  /** Known only with `takes: 'at once'`. */
  get unwrittenBytes(): number {
    return this.answersAtOnce ? this.outbox.length : 0
  }

  /** The number of bytes taken of the write in flight. */
  get takenBytes(): number {
    return this.writer === null ? 0 : this.writeLength - this.outbox.length
  }

  /** The number of arrived bytes that the server has not read. */
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
    // All bytes are owned by the receiver.
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
    this.isOutputEnded = true
    this.peer.ended()
    this.closeEnded()
  }

  destroy(isReset: boolean): void {
    if (this.isClosed) return
    this.isClosed = true
    this.inbox.length = 0
    this.writer = null
    this.peer.closed(isReset ? 'server' : null)
    this.socket?.closed()
    this.owner?.closed()
  }

  handOver(input: Observer<Received>, owner: TransportOwner): void {
    this.owner = owner
    this.listen(input)
    this.deliverLater()
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

  /** Fails a write after a reset as a socket does: the observer is called, but not within the write. */
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

  /** Delivers one read; the next is another event. */
  private deliver(): void {
    if (!this.mayDeliver()) return
    const arrival = this.inbox.shift()
    if (arrival === 'end') this.complete()
    else if (arrival === 'reset') this.fail()
    else if (arrival !== undefined) this.giveRead(arrival)
    if (this.mayDeliver()) this.deliverLater()
  }

  private giveRead(bytes: Uint8Array): void {
    this.subscriber?.next({ bytes, length: bytes.length, ownership: 'owned' })
  }

  /** Whether the next arrival may be delivered: a reset always, others not while the server pauses. */
  private mayDeliver(): boolean {
    if (this.inbox.length === 0) return false
    if (this.inbox[0] === 'reset') return this.subscriber !== null || this.hasInputEnded
    return this.subscriber !== null && !this.isPaused
  }

  private complete(): void {
    this.hasInputEnded = true
    this.subscriber?.complete()
    this.closeEnded()
  }

  /** As a socket does by itself; the driver of an HTTP connection closes it. */
  private closeEnded(): void {
    if (this.owner !== null && this.isOutputEnded && this.hasInputEnded) this.destroy(false)
  }

  private fail(): void {
    const { writer } = this
    this.peer.closed('client')
    this.isClosed = true
    this.writer = null
    if (this.subscriber !== null) this.subscriber.error(new ConnectionResetError('client'))
    else writer?.written(new ConnectionResetError('client'))
    this.owner?.closed()
  }

  private send(): void {
    if (this.isClosed) return
    const count = this.bandwidth.take(Math.min(this.credit, this.outbox.length))
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
