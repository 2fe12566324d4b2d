/**
 * Maps the sequences of a stream to positions in the log of its hub, and tells from which sequence on the log is
 * complete.
 *
 * Strategy: the sequences of a stream only grow, so a binary search finds their positions. A stream that was created
 * again, or that lost its last messages, begins a new era in the log, with a gap between the eras.
 */
import type { FanOut } from '../fan-out.js'
import type { Start } from '../subscription.js'
import type { Read, StreamState } from './stream-access.js'

/** A log of a stream's events. */
export class StreamLog<T> {
  readonly fanOut: FanOut<T>
  /** The beginning of all ids of this era. */
  epoch: string
  /** The number of this era; it grows when the stream was created again or lost its last messages. */
  era: number
  /** The last sequence of this era that is in the log, or is known to be missing. */
  lastSeq: number
  /** Whether the stream has no other subject. */
  isSole: boolean
  /** The first sequence of the era that the log followed, and its position in the log. */
  private eraFrom: number
  private eraStart: number

  constructor(fanOut: FanOut<T>) {
    this.fanOut = fanOut
    this.epoch = ''
    this.era = 0
    this.lastSeq = 0
    this.isSole = false
    this.eraFrom = 1
    this.eraStart = 0
  }

  /** Where a subscriber from an earlier era continues: at the beginning of this one. */
  get start(): Start {
    return { position: Math.max(this.eraStart, this.fanOut.log.first), lost: null }
  }

  /**
   * Returns the sequence from which to follow the stream, and adds a gap for events missing before it: one item of the
   * log at most.
   */
  resume({ epoch, first, last, isSole }: StreamState): number {
    this.isSole = isSole
    const isNew = epoch !== this.epoch
    const recent = Math.max(first, last - this.fanOut.log.capacity + 1)
    if (isNew || last < this.lastSeq) this.begin(epoch, isNew ? recent : last + 1)
    else if (first > this.lastSeq + 1) this.miss(first)
    return this.lastSeq + 1
  }

  /**
   * Adds a message that was read, or first a gap for those missing before it: one item of the log at most. Returns
   * false where the message itself is still to be added, by a second call.
   */
  take({ seq, event }: Read<T>): boolean {
    if (seq <= this.lastSeq) return true
    if (this.isSole && seq > this.lastSeq + 1) {
      this.miss(seq)
      return false
    }
    this.lastSeq = seq
    if (event !== null) this.fanOut.push(event)
    return true
  }

  /** Returns the position after that sequence of this era; null if the log lacks an event between the two. */
  startBehind(seq: number): Start | null {
    if (seq > this.lastSeq || seq + 1 < this.heldFrom) return null
    return { position: this.positionAbove(seq), lost: 0 }
  }

  /** Returns where a subscriber begins if its last id is not one of this era. */
  startOfStranger(id: string): Start {
    const { log } = this.fanOut
    for (let at = log.first; at < log.end; at++) if (this.idAt(at) === id) return { position: at + 1, lost: 0 }
    return { position: log.first, lost: null }
  }

  private begin(epoch: string, from: number): void {
    if (this.epoch !== '') this.tellGap(null)
    this.epoch = epoch
    this.era++
    this.eraFrom = from
    this.eraStart = this.fanOut.log.end
    this.lastSeq = from - 1
  }

  /** Adds a gap: the stream no longer holds the events between the last sequence and this one. */
  private miss(seq: number): void {
    this.tellGap(this.isSole ? seq - this.lastSeq - 1 : null)
    this.lastSeq = seq - 1
  }

  private tellGap(missed: number | null): void {
    const { log } = this.fanOut
    const after = log.end > log.first ? this.idAt(log.end - 1) : null
    this.fanOut.push({ event: 'gap', data: { after, next: null, missed } })
  }

  private get heldFrom(): number {
    const { log } = this.fanOut
    return log.first <= this.eraStart ? this.eraFrom : this.seqAt(log.first)
  }

  private positionAbove(seq: number): number {
    let [low, high] = [Math.max(this.eraStart, this.fanOut.log.first), this.fanOut.log.end]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.seqAt(middle) > seq) high = middle
      else low = middle + 1
    }
    return low
  }

  private idAt(position: number): string | null {
    const event = this.fanOut.log.at(position)
    return 'id' in event ? event.id : null
  }

  /** The sequence of the event at that position; for a gap, that of the event after it. */
  private seqAt(position: number): number {
    const id = this.fanOut.log.idAt(position)
    return id === null ? this.lastSeq + 1 : Number(id.slice(this.epoch.length + 1))
  }
}
