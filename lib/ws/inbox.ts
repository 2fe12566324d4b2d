/**
 * The messages from the client, on their way to one taker.
 *
 * Strategy: there is one message at a time. The next one is requested when the taker is done with the last; a message
 * that comes while there is no taker waits for one. So a slow taker, or none, pauses the socket, and no queue grows.
 */
import { LocalProtocolError } from '../errors.js'
import type { WebSocketMessage } from './message.js'

/** The consumer of messages. It calls {@link Inbox.taken} once for each. */
export interface MessageTaker {
  take(message: WebSocketMessage): void
  /** There are no more messages, and the last one was taken. */
  end(): void
}

/** The gate that lets messages in. */
export interface Entrance {
  /** The last message was taken: the next one may come. */
  admit(): void
}

/** Hands messages to one taker, one at a time. */
export class Inbox {
  private readonly entrance: Entrance
  private taker: MessageTaker | null
  private isTaking: boolean
  private waiting: WebSocketMessage | null
  private state: 'open' | 'closing' | 'ended'

  constructor(entrance: Entrance) {
    this.entrance = entrance
    this.taker = null
    this.isTaking = false
    this.waiting = null
    this.state = 'open'
  }

  /** Whether the taker is at work on a message. */
  get isWorking(): boolean {
    return this.isTaking
  }

  /**
   * Gives the messages to this taker until it is detached, which may happen within this call.
   *
   * @throws {@link LocalProtocolError} alreadyScheduled: there is a taker
   */
  attach(taker: MessageTaker): void {
    if (this.taker !== null) throw new LocalProtocolError('alreadyScheduled', 'the messages have a subscriber already')
    this.taker = taker
    const { waiting } = this
    this.waiting = null
    if (waiting !== null) this.hand(taker, waiting)
    else if (this.state === 'ended') taker.end()
  }

  /** Gives no more messages to this taker. The message that it is at work on counts as taken. */
  detach(taker: MessageTaker): void {
    if (this.taker !== taker) return
    this.taker = null
    if (!this.isTaking) return
    this.isTaking = false
    if (this.state !== 'ended') this.entrance.admit()
  }

  /** A message came. */
  receive(message: WebSocketMessage): void {
    if (this.taker !== null) this.hand(this.taker, message)
    else if (this.state === 'open') this.waiting = message
    else this.entrance.admit()
  }

  /** The taker is done with the last message. */
  taken(taker: MessageTaker): void {
    if (this.taker !== taker || !this.isTaking) return
    this.isTaking = false
    if (this.state === 'ended') taker.end()
    else this.entrance.admit()
  }

  /**
   * This side closes: from now on messages without a taker are dropped, so that the peer's close does not wait behind
   * them.
   */
  close(): void {
    if (this.state !== 'open') return
    this.state = 'closing'
    if (this.waiting === null) return
    this.waiting = null
    this.entrance.admit()
  }

  /** No more messages come. */
  end(): void {
    this.state = 'ended'
    if (this.taker !== null && !this.isTaking) this.taker.end()
  }

  private hand(taker: MessageTaker, message: WebSocketMessage): void {
    this.isTaking = true
    taker.take(message)
  }
}
