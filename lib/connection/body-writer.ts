/**
 * The body of a response, pushed.
 *
 * Strategy: bytes are framed as they are written and go straight into the connection's output queue; there is no second
 * queue. The head waits for the first bytes, so that both leave in one write. The writer never refuses bytes, because
 * only its user can slow the source: `pendingBytes` tells how many wait, and `whenDrained` when to continue.
 */
import { part } from '../buffer/bytes.js'
import type { Faraday, FlushCallback } from '../buffer/faraday.js'
import { checkRange } from '../buffer/iovec.js'
import { isLong } from '../buffer/long-text.js'
import { utf8Length } from '../buffer/utf8.js'
import { LocalProtocolError } from '../errors.js'
import type { Headers } from '../message/headers.js'
import { chunkEnd, chunkLength, chunkStart, lastChunk, writeChunk } from '../wire/chunk-serializer.js'
import type { BodyEncoding } from '../wire/response-head.js'
import type { OutputQueue } from './output-queue.js'
import type { PreparedText } from './prepared-text.js'
import type { Wakeup } from './wakeup.js'

/**
 * The output half of a connection, as its response bodies call it. It imports the bodies, so they cannot import it.
 *
 * @internal
 */
export interface BodyWriterHost {
  readonly queue: OutputQueue
  /** The last byte of the body was queued. */
  bodyComplete(): void
  /** The body ended before it was complete: the response can't be completed. */
  bodyTruncated(error: LocalProtocolError): void
  /** Runs a callback that the application gave to `owner`. */
  guard(callback: () => unknown, owner: BodyWriter): void
  /** Returns the head to send: `head`, or another if the connection will not stay open as `head` says. */
  finalHead(head: string): string
}

/** The framing of a body; `length` matters for 'fixed' only. @internal */
export interface BodyFraming {
  readonly encoding: BodyEncoding
  readonly length: number
}

/** Up to this size, a copied chunk shares a block with its framing; what is left of the block before is not used. */
const SMALL_CHUNK = 2048

/** One response body, exported as `Body.Writer`. */
export class BodyWriter {
  private readonly host: BodyWriterHost
  private readonly output: Faraday
  private readonly wakeup: Wakeup
  private readonly encoding: BodyEncoding
  /** For 'fixed': the number of bytes still missing of Content-Length. */
  private remaining: number
  /** The head until it is written. */
  private head: string
  private state: 'open' | 'closed' | 'aborted'
  private whenLow: (() => void) | null
  /** @internal */
  lowWaterMark: number

  /** @internal */
  constructor(host: BodyWriterHost, framing: BodyFraming, head: string) {
    this.host = host
    this.output = host.queue.bytes
    this.wakeup = host.queue.wakeup
    this.encoding = framing.encoding
    this.remaining = framing.length
    this.head = head
    this.state = 'open'
    this.whenLow = null
    this.lowWaterMark = 0
  }

  /** @internal A body for a handler that responds too late: the connection has already answered. */
  static dead(host: BodyWriterHost): BodyWriter {
    const writer = new BodyWriter(host, { encoding: 'none', length: 0 }, '')
    writer.abort()
    return writer
  }

  /** Whether writing is over: the body was closed, or the connection ended. */
  get isClosed(): boolean {
    return this.state !== 'open'
  }

  /** Whether the body is not sent, whatever is written: to HEAD, with 204, 205 or 304 (RFC 9110 §6.4.1, §15.3.6). */
  get isBodiless(): boolean {
    return this.encoding === 'none'
  }

  /** The number of pending bytes of the connection's output, including framing and earlier responses. */
  get pendingBytes(): number {
    return this.output.pendingBytes
  }

  /** @internal {@link pendingBytes}, as a queue with water marks has them. */
  get pending(): number {
    return this.output.pendingBytes
  }

  /** @internal Whether the head was queued. */
  get hasBegun(): boolean {
    return this.head === ''
  }

  /** @internal Whether the end of the connection is the only end of the body (RFC 9112 §6.3, item 8). */
  get isCloseDelimited(): boolean {
    return this.encoding === 'close'
  }

  /**
   * Writes text as UTF-8. Writing to a body whose connection ended does nothing.
   *
   * @throws {@link LocalProtocolError} bodyClosed: after {@link close}
   * @throws {@link LocalProtocolError} bodyTooLong: more than Content-Length
   */
  writeString(text: string): void {
    const length = utf8Length(text)
    if (!this.admit(length)) return
    if (length > text.length || isLong(text)) this.writeApart(text, length)
    else this.output.writeLatin1(this.takeHead() + this.prefix(length) + text + this.suffix())
    this.wakeup.wake()
  }

  /** @internal Writes a text that other bodies get, too. It throws as {@link writeString} does. */
  writePrepared(prepared: PreparedText): void {
    if (prepared.isLong) return this.writeString(prepared.text)
    if (!this.admit(prepared.size)) return
    const isChunked = this.encoding === 'chunked'
    if (isChunked && prepared.isLarge) {
      this.output.writeLatin1(this.takeHead())
      this.output.scheduleBytes(prepared.chunkBytes)
    } else {
      this.output.writeShared(this.takeHead() + (isChunked ? prepared.chunk : prepared.bytes))
    }
    this.wakeup.wake()
  }

  /**
   * Writes a copy of the bytes: the caller may reuse them at once.
   *
   * @throws as {@link writeString}, and {@link LocalProtocolError} badRange
   */
  writeBytes(bytes: Uint8Array, off = 0, len = bytes.length - off): void {
    checkRange(bytes, off, len)
    if (!this.admit(len)) return
    if (this.encoding === 'chunked' && len <= SMALL_CHUNK) return this.writeSmallChunk(bytes, off, len)
    this.writePrefix(len)
    this.output.writeBytes(bytes, off, len)
    this.writeSuffix()
  }

  /**
   * Writes the bytes without a copy: the caller must not change them until a later flush calls back.
   *
   * @throws as {@link writeBytes}
   */
  scheduleBytes(bytes: Uint8Array, off = 0, len = bytes.length - off): void {
    checkRange(bytes, off, len)
    if (!this.admit(len)) return
    this.writePrefix(len)
    this.output.scheduleBytes(bytes, off, len)
    this.writeSuffix()
  }

  /** Calls back once when all bytes written so far are on the wire ('written') or never will be ('closed'). */
  flush(callback: FlushCallback): void {
    if (this.state === 'open') this.sendHead()
    const { host } = this
    if (this.state === 'aborted') host.guard(() => callback('closed'), this)
    else this.output.flush(result => { host.guard(() => callback(result), this) })
  }

  /**
   * Calls back once when at most `lowWaterMark` bytes are pending, perhaps at once; never after the connection's end. A
   * body has one such callback: a later call replaces an earlier one. A body that {@link isBodiless} never has pending
   * bytes.
   */
  whenDrained(lowWaterMark: number, callback: () => void): void {
    if (this.state !== 'open') return
    this.lowWaterMark = lowWaterMark
    this.whenLow = callback
    this.host.queue.whenDrained(this)
  }

  /** @internal At most {@link lowWaterMark} bytes wait. */
  drained(): void {
    const callback = this.whenLow
    this.whenLow = null
    if (callback !== null) this.host.guard(callback, this)
  }

  /**
   * Completes the body. Trailer fields are sent if the body is chunked and dropped otherwise (RFC 9110 §6.5.1).
   * Closing again does nothing.
   *
   * @throws {@link LocalProtocolError} bodyTooShort: less than Content-Length; the response is cut, or the error
   *   handler answers if nothing of it was sent
   * @throws {@link LocalProtocolError} badField: a trailer field is not valid or not allowed there
   */
  close(trailers?: Headers): void {
    if (this.state !== 'open') return
    const end = this.encoding === 'chunked' ? lastChunk(trailers) : ''
    this.checkLength()
    this.state = 'closed'
    const rest = this.takeHead() + end
    if (rest !== '') this.output.writeLatin1(rest)
    this.host.bodyComplete()
  }

  /** @internal Queues the head, unless it was queued already. */
  sendHead(): void {
    const head = this.takeHead()
    if (head === '') return
    this.output.writeLatin1(head)
    this.wakeup.wake()
  }

  /** @internal The connection ends before the body is complete. */
  abort(): void {
    if (this.state === 'open') this.state = 'aborted'
  }

  /** Counts `count` bytes as written. Returns whether they are to be sent. */
  private admit(count: number): boolean {
    if (this.state === 'closed') throw new LocalProtocolError('bodyClosed', 'the response body is closed')
    if (this.state === 'aborted') return false
    if (this.encoding === 'fixed') this.spend(count)
    if (this.encoding === 'none') this.sendHead()
    return this.encoding !== 'none' && count > 0
  }

  private spend(count: number): void {
    if (count > this.remaining) throw new LocalProtocolError('bodyTooLong', 'more body than Content-Length')
    this.remaining -= count
  }

  private checkLength(): void {
    if (this.encoding !== 'fixed' || this.remaining === 0) return
    this.state = 'aborted'
    const error = new LocalProtocolError('bodyTooShort', `Content-Length announced ${this.remaining} bytes more`)
    this.host.bodyTruncated(error)
    throw error
  }

  private writeApart(text: string, length: number): void {
    this.writePrefix(length)
    this.output.writeString(text, length)
    this.output.writeLatin1(this.suffix())
  }

  private writeSmallChunk(bytes: Uint8Array, off: number, len: number): void {
    if (this.head !== '') this.output.writeLatin1(this.takeHead())
    this.output.writeMade(chunkLength(len), writeChunk, part(bytes, off, len))
    this.wakeup.wake()
  }

  private writePrefix(length: number): void {
    this.output.writeLatin1(this.takeHead() + this.prefix(length))
  }

  private writeSuffix(): void {
    this.output.writeLatin1(this.suffix())
    this.wakeup.wake()
  }

  private prefix(length: number): string {
    return this.encoding === 'chunked' ? chunkStart(length) : ''
  }

  private suffix(): string {
    return this.encoding === 'chunked' ? chunkEnd : ''
  }

  private takeHead(): string {
    const head = this.head
    if (head === '') return ''
    this.head = ''
    return this.host.finalHead(head)
  }
}
