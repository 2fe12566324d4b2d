/**
 * A socket behind a gate that lets one message in at a time.
 *
 * Strategy: pausing a socket does not stop what was read already: one read can hold thousands of small messages, or a
 * few that inflate to a thousand times their size. So the reader of the frames gets them up to the end of one
 * message, and what follows only when that message was taken. What waits here is at most one read of the socket,
 * which is paused meanwhile. Frames that have no part in a message (ping, pong, close) pass with those before and
 * behind them.
 *
 * Output passes unchanged. It counts as pending until the operating system has taken it, so that `writableLength` is
 * what the server holds.
 */
import { Duplex } from 'node:stream'
import { FrameCutter } from './frame-cutter.js'

/** Whom a gate tells. */
export interface GateHost {
  /** Output was taken; less is pending. */
  drained(): void
  /** The peer ended its side, and the messages before that were taken. */
  inputEnded(): void
}

type Done = (error?: Error | null) => void

interface Chunk {
  readonly chunk: Buffer
}

const NOTHING = new Uint8Array(0)

/** A socket that hands over one message at a time. It must not be read or written by anybody else. */
export class FrameGate extends Duplex {
  /** How many bytes came from the peer. */
  receivedBytes: number
  /** How many bytes the operating system took. */
  writtenBytes: number
  private readonly socket: Duplex
  private readonly host: GateHost
  private readonly cutter: FrameCutter
  private input: Uint8Array
  private offset: number
  private state: 'open' | 'shut' | 'free'
  /** Whether the reader wants more. */
  private isWanted: boolean
  private isPassing: boolean
  private hasEnded: boolean

  /** `head`: what was read from the socket already. */
  constructor(socket: Duplex, head: Uint8Array, host: GateHost) {
    // One byte: the reader is to ask for more when it has nothing left.
    super({ readableHighWaterMark: 1 })
    this.receivedBytes = head.length
    this.writtenBytes = 0
    this.socket = socket
    this.host = host
    this.cutter = new FrameCutter()
    this.input = head
    this.offset = 0
    this.state = 'open'
    this.isWanted = false
    this.isPassing = false
    this.hasEnded = false
    socket.pause()
    socket.on('data', (chunk: Uint8Array) => { this.receive(chunk) })
    socket.on('end', () => { this.inputEnded() })
    socket.on('error', error => { this.destroy(error) })
    socket.on('close', () => { this.destroy() })
  }

  /** Whether a message was handed over that {@link open} has not been called for. */
  get isShut(): boolean {
    return this.state === 'shut'
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

  override _read(): void {
    this.isWanted = true
    this.pass()
  }

  override _write(chunk: Buffer, _encoding: string, done: Done): void {
    this.socket.write(chunk, error => { this.written(chunk.length, done, error) })
  }

  override _writev(chunks: Chunk[], done: Done): void {
    const { socket } = this
    const last = chunks.length - 1
    const total = chunks.reduce((sum, { chunk }) => sum + chunk.length, 0)
    socket.cork()
    for (let i = 0; i < last; i++) socket.write(chunks[i].chunk)
    socket.write(chunks[last].chunk, error => { this.written(total, done, error) })
    socket.uncork()
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
    this.hasEnded = true
    this.pass()
  }

  private written(count: number, done: Done, error: Error | null | undefined): void {
    this.writtenBytes += count
    done(error)
    this.host.drained()
  }

  /** Hands over what is there, as long as it may and is wanted. */
  private pass(): void {
    if (this.isPassing) return
    this.isPassing = true
    while (this.isWanted && this.state !== 'shut' && this.offset < this.input.length) {
      this.isWanted = this.push(this.nextPart())
    }
    this.isPassing = false
    if (this.offset === this.input.length) this.refill()
  }

  private nextPart(): Uint8Array {
    const { input, offset } = this
    this.offset = this.cutter.cut(input, offset)
    if (this.cutter.isBehindMessage && this.state === 'open') this.state = 'shut'
    return input.subarray(offset, this.offset)
  }

  private passEnd(): void {
    this.isWanted = false
    this.push(null)
    this.host.inputEnded()
  }

  private refill(): void {
    this.input = NOTHING
    this.offset = 0
    if (!this.isWanted) return
    if (!this.hasEnded) this.socket.resume()
    else if (this.state !== 'shut') this.passEnd()
  }
}
