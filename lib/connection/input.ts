/**
 * The bytes of the current read.
 *
 * Strategy: one object for each connection, filled by each read and emptied at its end, so that a connection holds no
 * input between two reads.
 */
import { NO_BYTES } from '../buffer/bytes.js'
import { LocalProtocolError } from '../errors.js'

/** The bytes that a read offers: `bytes` up to `end`. @internal */
export class Input {
  bytes: Uint8Array
  end: number
  /** Whether views of the bytes were handed out, by this read or, when it is over, by the last one. */
  hasViews: boolean
  /** Whether a read is in progress. */
  isUnderWay: boolean
  /** The end of the consumed bytes of the current request: the bytes after it belong to later requests. */
  reached: number

  constructor() {
    this.bytes = NO_BYTES
    this.end = 0
    this.hasViews = false
    this.isUnderWay = false
    this.reached = 0
  }

  /**
   * A read begins.
   *
   * @throws {@link LocalProtocolError} badState: a callback of a read begins another one
   */
  begin(bytes: Uint8Array, end: number): void {
    if (this.isUnderWay) throw new LocalProtocolError('badState', 'a read is under way already')
    this.bytes = bytes
    this.end = end
    this.hasViews = false
    this.isUnderWay = true
  }

  /** The number of bytes after the current request; null outside a read. */
  get unconsumed(): number | null {
    return this.isUnderWay ? this.end - this.reached : null
  }

  /** The read is over. */
  finish(): void {
    this.bytes = NO_BYTES
    this.isUnderWay = false
  }
}
