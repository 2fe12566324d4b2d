/**
 * The log of a hub by the sequences of its stream: where in the log an event stands, and from which sequence on the log
 * has all there is.
 *
 * Strategy: sequences of one life of the stream only grow; a search by halves finds them. A stream that was made anew,
 * or that lost its end, begins a new era in the log: a gap stands between the two.
 */
import type { FanOut } from '../fan-out.js'
import type { Start } from '../subscription.js'
import type { Read, StreamState } from './stream-access.js'

/** A log of a stream's events. */
export class StreamLog<T> {
  readonly fanOut: FanOut<T>
  /** What the ids of this era begin with. */
  epoch: string
  /** How often the stream was not what it had been. */
  era: number
  /** The last sequence of this era that is in the log, or that is known not to be there. */
  lastSeq: number
  /** Whether the stream has no other subject. */
  isSole: boolean
  /** The sequence from which on the log has all of the era, and where that is in the log. */
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

  /** Where the era begins that is, as a subscriber hears of it that was in another. */
  get start(): Start {
    return { position: Math.max(this.eraStart, this.fanOut.log.first), lost: null }
  }

  /** Returns from which sequence on the stream is to be followed, and tells of what is missing before that. */
  resume({ epoch, first, last, isSole }: StreamState): number {
    this.isSole = isSole
    const isNew = epoch !== this.epoch
    const recent = Math.max(first, last - this.fanOut.log.capacity + 1)
    if (isNew || last < this.lastSeq) this.begin(epoch, isNew ? recent : last + 1)
    else if (first > this.lastSeq + 1) this.miss(first)
    return this.lastSeq + 1
  }

  /** Adds what was read. */
  take({ seq, event }: Read<T>): void {
    if (seq <= this.lastSeq) return
    if (this.isSole && seq > this.lastSeq + 1) this.miss(seq)
    this.lastSeq = seq
    if (event !== null) this.fanOut.push(event)
  }

  /** The place behind that sequence of this era; null where the log does not have all that follows upon it. */
  startBehind(seq: number): Start | null {
    if (seq > this.lastSeq || seq + 1 < this.heldFrom) return null
    return { position: this.positionAbove(seq), lost: 0 }
  }

  /** The place of a subscriber whose id is none of this era's. */
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

  /** The stream holds nothing any more between the last sequence and this one. */
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

  /** The sequence of the event there; of a gap: that of the event behind it. */
  private seqAt(position: number): number {
    const id = this.fanOut.log.idAt(position)
    return id === null ? this.lastSeq + 1 : Number(id.slice(this.epoch.length + 1))
  }
}
