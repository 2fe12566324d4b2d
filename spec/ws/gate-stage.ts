/**
 * A gate whose socket is the test, for the specs of the gate.
 */
import { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { FrameGate } from '../../lib/ws/frame-gate.js'

/** A socket whose other end is the test. */
export class FakeSocket extends Duplex {
  readonly written: string[] = []
  private readonly waiting: (() => void)[] = []

  override _read(): void {
    // The test pushes.
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.written.push(chunk.toString())
    this.waiting.push(done)
  }

  /** The operating system takes a chunk. */
  accept(): void {
    this.waiting.shift()?.()
  }
}

/** A socket of Node, which takes all at once until it is full. */
export class PlainSocket extends Socket {
  readonly written: string[] = []
  isFull = false
  private waiting: (() => void) | null = null

  override _write(chunk: Buffer | string, _encoding: string, done: () => void): void {
    this.written.push(chunk.toString())
    if (this.isFull) this.waiting = done
    else done()
  }

  override _writev(chunks: { chunk: Buffer | string }[], done: () => void): void {
    for (const { chunk } of chunks) this.written.push(chunk.toString())
    done()
  }

  /** It is not full any more. */
  accept(): void {
    this.isFull = false
    this.waiting?.()
  }
}

/** A gate, and what is seen of it. */
export interface Setting<T extends Duplex> {
  readonly socket: T
  readonly gate: FrameGate
  readonly log: string[]
  readonly work: { isWorking: boolean }
}

/** A gate in front of a stream. */
export function set(head: Uint8Array = new Uint8Array(0)): Setting<FakeSocket> {
  return gated(new FakeSocket(), head)
}

/** A gate in front of a socket of the operating system. */
export function plain(): Setting<PlainSocket> {
  return gated(new PlainSocket(), new Uint8Array(0))
}

function gated<T extends Duplex>(socket: T, head: Uint8Array): Setting<T> {
  const log: string[] = []
  const work = { isWorking: true }
  const gate = new FrameGate(socket, head, {
    get isWorking() { return work.isWorking },
    drained: () => { log.push(`drained ${gate.output.writtenBytes}`) },
    inputEnded: () => { log.push('ended') },
  })
  gate.on('error', error => { log.push(error.message) })
  gate.on('data', (chunk: Buffer) => { log.push(`${chunk.length} bytes`) })
  return { socket, gate, log, work }
}

/** A turn of the event loop. */
export const turn = (): Promise<void> => new Promise(resolve => { setImmediate(resolve) })
