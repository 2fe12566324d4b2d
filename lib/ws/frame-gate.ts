/**
 * A socket behind a gate that lets one message in at a time.
 *
 * Strategy: pausing a socket does not stop what was read already: one read can hold thousands of small messages, or a
 * few that inflate to a thousand times their size. So the reader of the frames gets them up to the end of one
 * message, and what follows only when that message was taken. What waits here is at most one read of the socket,
 * which is paused meanwhile. Frames that have no part in a message (ping, pong, close) pass with those before and
 * behind them.
 *
 * Output passes unchanged. It counts as pending until the operating system has taken it.
 *
 * It is a stream for the library behind, but keeps nothing in a stream's queues: input is emitted as it passes, output
 * is the socket's at once. A queue for the output would cost 0.05 of the CPU of an echo, one for the input 0.01.
 */
import { Duplex } from 'node:stream'
import { plainSocket } from '../node/plain-socket.js'
import { FrameCutter } from './frame-cutter.js'
import type { FrameOutput } from './frame-writer.js'

/** Whom a gate tells. */
export interface GateHost {
  /** Output was taken; less is pending. */
  drained(): void
  /** The peer ended its side, and the messages before that were taken. */
  inputEnded(): void
}

type Done = (error?: Error | null) => void

const NOTHING = Buffer.alloc(0)

/** The callback of a larger write is cheap beside it. */
const SMALL = 4 * 1024

/** A socket that hands over one message at a time. It must not be read or written by anybody else. */
export class FrameGate extends Duplex implements FrameOutput {
  /** How many bytes came from the peer. */
  receivedBytes: number
  private readonly socket: Duplex
  private readonly host: GateHost
  /** Whether a write can be over at once: TLS and other streams never say so. */
  private readonly isPlain: boolean
  private readonly cutter: FrameCutter
  private input: Uint8Array
  private offset: number
  private state: 'open' | 'shut' | 'free'
  private isPassing: boolean
  /** Of the peer's side. */
  private ending: 'none' | 'waiting' | 'passed'
  private sentBytes: number
  /** The callback of writes, which all share. */
  private readonly taken: () => void

  /** `head`: what was read from the socket already. */
  constructor(socket: Duplex, head: Uint8Array, host: GateHost) {
    super()
    this.receivedBytes = head.length
    this.socket = socket
    this.host = host
    this.isPlain = plainSocket(socket) !== null
    this.cutter = new FrameCutter()
    this.input = head
    this.offset = 0
    this.state = 'open'
    this.isPassing = false
    this.ending = 'none'
    // What is on its way counts as sent.
    this.sentBytes = socket.writableLength
    this.taken = () => { host.drained() }
    socket.pause()
    socket.on('data', (chunk: Uint8Array) => { this.receive(chunk) })
    socket.on('end', () => { this.inputEnded() })
    socket.on('error', error => { this.destroy(error) })
    socket.on('close', () => { this.destroy() })
    this.on('resume', () => { this.pass() })
  }

  /** Whether a message was handed over that {@link open} has not been called for. */
  get isShut(): boolean {
    return this.state === 'shut'
  }

  /** How many bytes were written and not taken by the operating system yet. */
  get pending(): number {
    return this.socket.writableLength
  }

  /** How many bytes the operating system took. */
  get writtenBytes(): number {
    return this.sentBytes - this.socket.writableLength
  }

  /** Lets the next message in. */
  open(): void {
    if (this.state === 'shut') this.state = 'open'
    this.pass()
  }

  /** Lets everything in from now on. */
  free(): void {
    this.state = 'free'
    this.pass()
  }

  /**
   * Writes a frame: bytes, or the characters of a latin-1 text as a byte each.
   *
   * A write that is over at once has no callback, which would cost a turn of Node's tick queue: 0.015 of the CPU of an
   * echo. Where some of it stays here, an empty write behind it has one.
   */
  send(frame: Uint8Array | string): void {
    const { socket } = this
    if (!this.isPlain || frame.length > SMALL || socket.writableLength > 0) {
      this.write(frame, 'latin1')
      return
    }
    this.sentBytes += frame.length
    socket.write(frame, 'latin1')
    if (socket.writableLength > 0) socket.write(NOTHING, this.taken)
  }

  /** Writes a frame in two pieces. */
  sendPieces(header: Uint8Array, payload: Uint8Array): void {
    this.cork()
    this.write(header)
    this.write(payload)
    this.uncork()
  }

  /** As for any stream; Node's own would queue it. */
  override write(chunk: Uint8Array | string, encoding?: BufferEncoding | Done, done?: Done): boolean {
    if (typeof encoding === 'function') return this.write(chunk, undefined, encoding)
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk
    this.sentBytes += bytes.length
    return this.socket.write(bytes, done === undefined ? this.taken : error => {
      done(error)
      this.taken()
    })
  }

  override cork(): void {
    this.socket.cork()
  }

  override uncork(): void {
    this.socket.uncork()
  }

  override _read(): void {
    // What passes is emitted.
  }

  /** Only for what is written with the end. */
  override _write(chunk: Buffer, _encoding: string, done: Done): void {
    this.write(chunk, done)
  }

  override _final(done: Done): void {
    this.socket.end(() => { done() })
  }

  override _destroy(error: Error | null, done: Done): void {
    this.input = NOTHING
    this.socket.destroy()
    done(error)
  }

  private receive(chunk: Uint8Array): void {
    this.receivedBytes += chunk.length
    this.input = chunk
    this.offset = 0
    this.pass()
    if (this.offset < this.input.length) this.socket.pause()
  }

  private inputEnded(): void {
    this.ending = 'waiting'
    this.pass()
  }

  /** Hands over what is there, as long as it may and is wanted. */
  private pass(): void {
    if (this.isPassing) return
    this.isPassing = true
    while (this.readableFlowing === true && this.state !== 'shut' && this.offset < this.input.length) {
      this.emit('data', this.nextPart())
    }
    this.isPassing = false
    if (this.offset === this.input.length) this.refill()
  }

  private nextPart(): Uint8Array {
    const { input, offset } = this
    this.offset = this.cutter.cut(input, offset)
    if (this.cutter.isBehindMessage && this.state === 'open') this.state = 'shut'
    return offset === 0 && this.offset === input.length ? input : input.subarray(offset, this.offset)
  }

  private passEnd(): void {
    this.ending = 'passed'
    this.push(null)
    this.host.inputEnded()
  }

  private refill(): void {
    this.input = NOTHING
    this.offset = 0
    if (this.readableFlowing !== true) return
    if (this.socket.readableFlowing !== true) this.socket.resume()
    if (this.ending === 'waiting' && this.state !== 'shut') this.passEnd()
  }
}
