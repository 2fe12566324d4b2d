/**
 * The body of the current request on its way from the reads to the handler.
 *
 * Strategy: data that reaches the end of the input is handed out as a view of it; all other data is copied. A handler
 * may transfer its chunk to a worker, and the transfer takes the whole array: no byte that is still to be read may be
 * in it. Small chunks that follow one another are copied together, so that a body in one-byte chunks costs one callback
 * for 4 KiB and not one a byte.
 */
import { copyBytes } from '../buffer/bytes.js'
import { gaveMemory } from '../buffer/given-memory.js'
import type { Ownership } from '../buffer/ownership.js'
import type { RemoteErrorCode } from '../errors.js'
import type { Headers } from '../message/headers.js'
import type { BodyDecoder } from '../wire/body-decoder.js'
import type { BodyReader } from './body-reader.js'
import type { Input } from './input.js'

/**
 * Chunks up to this size are copied together; larger ones are copied or handed out one by one. A read of 16 KB in
 * chunks of 16 or 100 bytes takes a third of the time so; in chunks of 500 bytes it would take twice as long.
 */
const MERGE_LIMIT = 256

/**
 * The number of bytes that must be left of the current chunk for the next read to be owned: a shorter rest seldom fills
 * a read, and data that does not reach the end of its read is copied, so that owned memory would be allocated beside
 * copies. An upload of 1 GiB in chunks of 64 KiB takes 0.8 of the CPU (Node 26).
 */
const VIEW_SIZE = 64 * 1024

/**
 * The buffer in which small chunks are merged, and the number of bytes used. All connections share it, which is safe:
 * it is filled and copied within one call that does not call the application, and each worker thread has its own.
 */
const scratch = new Uint8Array(4096)
let merged = 0

/** A request body: its framing, its reader, and how much of it was consumed. */
export class BodyIntake {
  readonly reader: BodyReader
  /** Whether the client waits for 100 Continue. */
  expectsContinue: boolean
  /** Whether the handler is still running, and so may begin to read. */
  isHandlerRunning: boolean
  /** How many bytes were dropped. */
  dropped: number
  /** How many bytes were consumed, framing included. */
  consumed: number
  private readonly decoder: BodyDecoder

  constructor(decoder: BodyDecoder, reader: BodyReader, expectsContinue: boolean) {
    this.reader = reader
    this.expectsContinue = expectsContinue
    this.isHandlerRunning = false
    this.dropped = 0
    this.consumed = 0
    this.decoder = decoder
  }

  /** Whether the handler reads the body or may yet begin to, and has not closed it. */
  get isInUse(): boolean {
    return (this.reader.isTouched || this.isHandlerRunning) && !this.reader.isClosed
  }

  /** Whether the handler may yet begin to read. */
  get isUndecided(): boolean {
    return this.isHandlerRunning && !this.reader.isTouched && !this.reader.isClosed
  }

  /** Whether the next bytes can be consumed. */
  get isWanted(): boolean {
    return this.reader.isScheduled || this.decoder.isWithinTrailers
  }

  /**
   * The ownership that the next read should have: for a handler that expects `owned`, lent bytes are copied. Where the
   * current chunk ends soon, most of the read is copied anyway.
   */
  get wanted(): Ownership {
    const { reader, left } = this
    if (reader.isClosed || (reader.contentLength === null && left < VIEW_SIZE)) return 'lent'
    return reader.wanted
  }

  get isDone(): boolean {
    return this.decoder.isDone
  }

  get trailers(): Headers | null {
    return this.decoder.trailers
  }

  get fault(): RemoteErrorCode | null {
    return this.decoder.fault
  }

  /** The number of bytes of data left, as far as the framing tells: in a chunked body, those of the current chunk. */
  get left(): number {
    return this.decoder.available
  }

  /** The number of valid bytes of the body before the fault. */
  get faultOffset(): number {
    return this.decoder.faultOffset
  }

  /** Whether the client is sending the rest, and no more than `limit` bytes as far as that is known. */
  isWorthDraining(limit: number): boolean {
    return this.left <= limit && !this.expectsContinue
  }

  /**
   * Hands out data from `input.bytes[off, input.end)` while reads are scheduled. Returns how many bytes were consumed.
   */
  receive(input: Input, off: number, ownership: Ownership): number {
    const { decoder, reader } = this
    let p = off
    while (!isFaulty(decoder)) {
      p += decoder.advance(input.bytes, p, input.end)
      if (dataUpTo(decoder, p, input.end) === p || !reader.isScheduled) break
      p = this.deliverRun(input, p, ownership)
    }
    return this.count(p - off)
  }

  /** Ends the input with the bytes from `off` on, within the body. Returns the fault of the body. */
  end(input: Input, off: number): RemoteErrorCode {
    this.decoder.advanceEof(input.bytes, off, input.end)
    return this.decoder.fault ?? 'unexpectedEof'
  }

  /** Takes the last input, which belongs to the body from now on. If that completes it, the body can still be read. */
  receiveRest(bytes: Uint8Array): void {
    const { decoder, reader } = this
    const chunks: Uint8Array[] = []
    let p = 0
    while (!isFaulty(decoder)) {
      p += decoder.advance(bytes, p, bytes.length)
      const end = dataUpTo(decoder, p, bytes.length)
      if (end === p) break
      chunks.push(end === bytes.length ? bytes.subarray(p) : copyBytes(bytes, p, end))
      decoder.take(end - p)
      p = end
    }
    if (decoder.isDone) reader.keepRest(chunks, decoder.trailers)
  }

  /** Drops the bytes of the body in `input.bytes[off, input.end)`. Returns how many bytes were consumed. */
  discard(input: Input, off: number): number {
    const { decoder } = this
    let p = off
    for (;;) {
      p += decoder.advance(input.bytes, p, input.end)
      const end = dataUpTo(decoder, p, input.end)
      if (end === p) break
      decoder.take(end - p)
      p = end
    }
    this.dropped += p - off
    return this.count(p - off)
  }

  /** Answers the scheduled read with the data at `start`, and the small chunks after it. Returns where it stopped. */
  private deliverRun(input: Input, start: number, ownership: Ownership): number {
    const { decoder, reader } = this
    const first = dataUpTo(decoder, start, input.end)
    decoder.take(first - start)
    merged = 0
    const p = first - start <= MERGE_LIMIT ? mergeSmallChunks(decoder, input, start, first) : first
    if (merged > 0) this.giveCopy(scratch, 0, merged)
    else if (ownership === 'owned' && first === input.end) this.giveRest(input, start)
    else if (reader.wanted === 'lent') reader.deliver(input.bytes.subarray(start, first), 'lent')
    else this.giveCopy(input.bytes, start, first)
    return p
  }

  /** Hands out a view of the rest of the input, which belongs to the receiver from now on. */
  private giveRest(input: Input, start: number): void {
    input.hasViews = true
    this.reader.deliver(input.bytes.subarray(start, input.end), 'owned')
  }

  /** Hands out a copy, which belongs to the handler. */
  private giveCopy(bytes: Uint8Array, start: number, end: number): void {
    gaveMemory(end - start)
    this.reader.deliver(copyBytes(bytes, start, end), 'owned')
  }

  /** RFC 9110 §10.1.1: a client that sends the body no longer waits for 100 Continue. */
  private count(consumed: number): number {
    if (consumed > 0) this.expectsContinue = false
    this.consumed += consumed
    return consumed
  }
}

function isFaulty(decoder: BodyDecoder): boolean {
  return decoder.fault !== null
}

/** The end of the data at `p` in an input up to `end`; `p` if there is none. */
function dataUpTo(decoder: BodyDecoder, p: number, end: number): number {
  return isFaulty(decoder) ? p : Math.min(end, p + decoder.available)
}

/** Merges a small chunk with those after it, if there are any. Returns where it stopped, and sets `merged`. */
function mergeSmallChunks(decoder: BodyDecoder, input: Input, start: number, first: number): number {
  const { bytes, end } = input
  let p = first
  while (p < end && decoder.available === 0) {
    p += decoder.advance(bytes, p, end)
    const count = dataUpTo(decoder, p, end) - p
    if (count === 0 || count > MERGE_LIMIT || merged + count > scratch.length) break
    if (merged === 0) append(bytes, start, first)
    append(bytes, p, p + count)
    decoder.take(count)
    p += count
  }
  return p
}

function append(bytes: Uint8Array, start: number, end: number): void {
  for (let p = start; p < end; p++) scratch[merged++] = bytes[p]
}
