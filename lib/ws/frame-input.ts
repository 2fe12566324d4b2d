/**
 * The input of one WebSocket: lets one message in at a time.
 *
 * Strategy: pausing a transport does not hold back bytes that were already read: one read can contain thousands of
 * small messages, or a few that inflate to a thousand times their size. So the reader of frames gets the bytes up to
 * the end of one message, and the rest when that message was taken. At most one read waits here; the transport is
 * paused meanwhile. Pings and pongs pass as long as no message is in front of them; so does a close, unless the
 * application is still at work on a message, which it may answer.
 *
 * Only a limited number of frames pass in one turn of the event loop: thousands of the smallest messages, pings or
 * fragments in one read would starve the other connections.
 *
 * A silent connection holds no reader (frame-reader.ts) and no bytes.
 */
import { copyBytes, NO_BYTES } from '../buffer/bytes.js'
import type { Ownership } from '../buffer/ownership.js'
import type { EventSink } from '../runtime/events.js'
import type { Received, Transport } from '../runtime/transport.js'
import type { TurnTasks } from '../runtime/turn-tasks.js'
import { kindOf } from './frame-head.js'
import { giveReader, takeReader, type FrameReader, type FrameSink } from './frame-reader.js'

/** How many frames pass before other connections have their turn. A turn more costs some microseconds. */
const FRAMES_PER_TURN = 32

/** Reads the frames of one transport. Subclasses receive what is in them. */
export abstract class FrameInput {
  /** How many bytes came from the peer. */
  receivedBytes: number
  protected readonly transport: Transport
  readonly tasks: TurnTasks
  abstract readonly events: EventSink
  /** The bytes that wait; the first `offset` of them have passed. */
  private input: Uint8Array
  private offset: number
  /** `shut`: after a message, until it was taken; `dropping`: all further input is dropped. */
  private gate: 'open' | 'shut' | 'dropping'
  private reader: FrameReader | null
  /** How many frames may pass in this turn. */
  private framesLeft: number
  private isPaused: boolean
  /** The end of the peer's side; `waiting`: behind messages that are not taken yet. */
  private ending: 'none' | 'waiting' | 'passed'

  constructor(transport: Transport, tasks: TurnTasks) {
    this.receivedBytes = 0
    this.transport = transport
    this.tasks = tasks
    this.input = NO_BYTES
    this.offset = 0
    this.gate = 'open'
    this.reader = null
    this.framesLeft = FRAMES_PER_TURN
    this.isPaused = false
    this.ending = 'none'
  }

  /** Whether bytes that were read wait here. */
  get isHolding(): boolean {
    return this.offset < this.input.length
  }

  protected abstract get sink(): FrameSink
  /** Whether the application is at work on the last message. */
  protected abstract get isWorking(): boolean
  /** Whether a message is being inflated. */
  protected abstract get isInflating(): boolean
  /** Bytes came in an event of their own: other connections have had their turn. */
  protected abstract arrived(bytes: Uint8Array): void
  /** Output is held back until the matching {@link endTurn}. */
  protected abstract beginTurn(): void
  protected abstract endTurn(): void
  /** The peer ended its side, and the messages before that were taken. */
  protected abstract inputPassed(): void

  /** Lets the next message in. */
  admit(): void {
    if (this.gate === 'shut') this.gate = 'open'
    this.pass()
  }

  /** The transport's bytes. */
  next({ bytes, length, ownership }: Received): void {
    const input = bytes.subarray(0, length)
    this.arrived(input)
    this.receivedBytes += length
    if (this.gate === 'dropping') return
    if (this.isHolding) this.append(input)
    else this.take(input, ownership)
    this.setPaused(this.isHolding)
  }

  /** Holds bytes that were read before the hand-over until {@link passOn}; those of the transport wait behind them. */
  hold(bytes: Uint8Array): void {
    this.receivedBytes += bytes.length
    this.input = bytes
    this.framesLeft = 0
  }

  /** Lets the next frames pass. */
  passOn(): void {
    this.framesLeft = FRAMES_PER_TURN
    this.pass()
  }

  complete(): void {
    this.ending = 'waiting'
    if (this.events.isObserved) this.events.emit({ type: 'inputEnd' })
    this.pass()
  }

  /** Lets no message in until this one was taken. */
  protected shut(): void {
    if (this.gate === 'open') this.gate = 'shut'
  }

  /** Drops the waiting and all further input. */
  protected drop(): void {
    this.gate = 'dropping'
    this.input = NO_BYTES
    this.offset = 0
    this.reader = null
  }

  /** Hands over the input, as long as it may pass. */
  protected pass(): void {
    this.beginTurn()
    if (this.isHolding) this.passFrames()
    this.refill()
    this.endTurn()
  }

  private append(bytes: Uint8Array): void {
    this.input = Buffer.concat([this.input.subarray(this.offset), bytes])
    this.offset = 0
  }

  private take(bytes: Uint8Array, ownership: Ownership): void {
    this.input = bytes
    this.offset = 0
    this.pass()
    // Lent bytes change when this returns.
    if (ownership === 'lent' && this.input === bytes) this.keepRest()
  }

  private passFrames(): void {
    const reader = this.reader ??= takeReader()
    if (!reader.loop.enter()) return
    while (this.isHolding && this.mayPass(reader)) this.passFrame(reader)
    reader.loop.leave()
    if (this.reader !== reader || !reader.isBetweenMessages || this.isHolding) return
    this.reader = null
    giveReader(reader)
  }

  /** Whether the next part may be handed over now. */
  private mayPass(reader: FrameReader): boolean {
    if (this.framesLeft === 0 || this.isInflating) return false
    // A frame that has begun to pass while the gate is shut is a control frame.
    if (this.gate !== 'shut' || !reader.isBehindFrame) return true
    const kind = kindOf(this.input[this.offset])
    return kind === 'signal' || (kind === 'close' && !this.isWorking)
  }

  private passFrame(reader: FrameReader): void {
    const { input, offset } = this
    const end = reader.read(input, offset, this.sink)
    // What the sink does may drop the input, or bring more of it.
    if (this.input === input) this.offset = end
    else if (this.input !== NO_BYTES) this.offset = end - offset
    if (reader.isBehindFrame && --this.framesLeft === 0) this.rest()
  }

  /** Continues after other connections had their turn. */
  private rest(): void {
    this.tasks.later(() => { this.passOn() })
  }

  private keepRest(): void {
    this.input = copyBytes(this.input, this.offset, this.input.length)
    this.offset = 0
  }

  private refill(): void {
    if (this.isHolding) return
    this.input = NO_BYTES
    this.offset = 0
    if (this.isPaused) this.setPaused(false)
    if (this.ending !== 'waiting' || this.isInflating || (this.gate === 'shut' && this.isWorking)) return
    this.ending = 'passed'
    this.inputPassed()
  }

  private setPaused(isPaused: boolean): void {
    if (this.isPaused === isPaused) return
    this.isPaused = isPaused
    if (isPaused) this.transport.pause()
    else this.transport.resume()
  }
}
