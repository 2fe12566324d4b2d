/**
 * The decoder of a body whose length Content-Length announced (RFC 9112 §6.2).
 *
 * Strategy: there is no framing to parse: a counter of the bytes that are still missing, all of which are data. Its one
 * fault is an early end of the input.
 */
import type { RemoteErrorCode } from '../errors.js'
import type { BodyDecoder } from './body-decoder.js'

/** A body of a known length. */
export class FixedDecoder implements BodyDecoder {
  fault: RemoteErrorCode | null
  faultOffset: number
  readonly trailers: null
  available: number
  private readonly length: number

  /** A decoder of exactly `length` bytes. */
  constructor(length: number) {
    this.fault = null
    this.faultOffset = 0
    this.trailers = null
    this.available = length
    this.length = length
  }

  get isDone(): boolean {
    return this.available === 0
  }

  get isWithinTrailers(): boolean {
    return false
  }

  advance(): number {
    return 0
  }

  advanceEof(): void {
    this.fault = 'unexpectedEof'
    this.faultOffset = this.length - this.available
  }

  take(count: number): void {
    this.available -= count
  }
}
