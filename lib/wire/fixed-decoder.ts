import type { BodyDecoder } from './body-decoder.js'

/**
 * The decoder of a body whose length Content-Length announced (RFC 9112 §6.2): every byte is data until enough came.
 */
export class FixedDecoder implements BodyDecoder {
  readonly fault = null
  readonly faultOffset = 0
  readonly trailers = null
  available: number

  /** A decoder of exactly `length` bytes. */
  constructor(length: number) {
    this.available = length
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

  take(count: number): void {
    this.available -= count
  }
}
