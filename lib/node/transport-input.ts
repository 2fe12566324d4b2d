/**
 * The input half of the transports of Node's sockets and handles: who gets the bytes, and how the input ended.
 *
 * Strategy: one subscriber, or the protocol that took the connection over. It is told at once of an end that came
 * before it, and otherwise the input is resumed. A connection whose input keeps the process busy rests: others have
 * their turn before its next read, whatever the subscriber wants.
 */
import { Observable, type Observer } from 'rxjs'
import { ConnectionClosedError } from '../errors.js'
import type { Received, TransportOwner } from '../runtime/transport.js'
import type { BytesReceiver } from './reused-buffer.js'
import { turns } from './turns.js'

/** The receiver of the bytes: a subscriber, which may be closed, or the protocol after a hand-over. */
type Input = Observer<Received> & { readonly closed?: boolean }

/** The input half of a transport. */
export abstract class TransportInput implements BytesReceiver {
  protected subscriber: Input | null
  /** The owner after a hand-over. */
  protected owner: TransportOwner | null
  /** The error that broke the socket; null while it works. */
  private failure: Error | null
  /** Whether others have their turn before the next read, and whether one is wanted after it. */
  private rests: 'no' | 'thenReads' | 'thenPauses'

  constructor() {
    this.subscriber = null
    this.owner = null
    this.failure = null
    this.rests = 'no'
  }

  get bytes$(): Observable<Received> {
    // No teardown, which would take 350 bytes: a closed subscriber ignores further notifications.
    return new Observable(subscriber => {
      this.subscriber = subscriber
      this.begin(subscriber)
    })
  }

  receive(received: Received): void {
    this.subscriber?.next(received)
  }

  /** The input ended. */
  complete(): void {
    this.subscriber?.complete()
  }

  /** The socket broke. */
  fail(error: Error): void {
    this.failure ??= error
    this.subscriber?.error(error)
  }

  handOver(input: Observer<Received>, owner: TransportOwner): void {
    this.subscriber = input
    this.owner = owner
    this.begin(input)
  }

  /** Whether the socket is closed. */
  protected abstract readonly isClosed: boolean

  /** Whether all input was read. */
  protected abstract readonly isInputEnded: boolean

  /** Stops reading. */
  pause(): void {
    if (this.rests === 'no') this.stopReading()
    else this.rests = 'thenPauses'
  }

  /** Begins to read, or goes on with it. */
  resume(): void {
    if (this.rests === 'no') this.startReading()
    else this.rests = 'thenReads'
  }

  rest(): void {
    if (this.rests !== 'no') return
    this.rests = this.isReading ? 'thenReads' : 'thenPauses'
    this.stopReading()
    turns.add(() => { this.endRest() })
  }

  /** Whether it reads. */
  protected abstract readonly isReading: boolean

  protected abstract startReading(): void
  protected abstract stopReading(): void

  private endRest(): void {
    const isWanted = this.rests === 'thenReads'
    this.rests = 'no'
    if (isWanted && this.subscriber !== null) this.startReading()
  }

  private begin(subscriber: Input): void {
    const failure = this.failure ?? (this.isClosed ? new ConnectionClosedError() : null)
    if (failure !== null) return subscriber.error(failure)
    if (this.isInputEnded) return subscriber.complete()
    this.resume()
  }
}
