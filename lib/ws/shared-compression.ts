/**
 * One compression of a message for all clients that it is sent to (RFC 7692).
 *
 * Strategy: where the server's context is not kept (§7.1.1.1), the compressed bytes depend on the message and on the
 * window alone. So the first connection with a window compresses the message, and those that send the same message get
 * its bytes: those that are still held, or when they are there. A connection that keeps its context compresses for
 * itself. If the compressing connection ends in the middle, the next one that waits compresses.
 *
 * Compressed texts are held up to a limit, for clients that take them later. Messages of bytes are not held: the
 * application may change the bytes after they were sent.
 */
import { copyBytes } from '../buffer/bytes.js'
import { queueMicrotask } from '../node/runtime.js'

/** Called with the compressed bytes, which must not be changed. */
type Done = (error: Error | null, bytes?: Uint8Array) => void

/** The compression of one connection, as the package `ws` has it. */
export interface Deflate {
  /** The agreed parameters. */
  readonly params: Readonly<Record<string, unknown>> | null
  compress(this: Deflate, message: string | Uint8Array, isFinal: boolean, done: Done): void
}

const WINDOW = Symbol('httprx window')

type SharedDeflate = Deflate & { [WINDOW]: Window }

/** A connection that waits for a compression. It may have to compress the message itself. */
interface Waiting {
  readonly deflate: Deflate
  readonly done: Done
}

/** A message that is being compressed. */
interface Job {
  readonly message: string | Uint8Array
  readonly waiting: Waiting[]
}

const LARGEST_WINDOW = 15
/** How many bytes are held for a window: the messages and their compressed bytes. */
const HELD_BYTES = 256 * 1024
/** The bytes that a held message takes in addition to its own. */
const OVERHEAD = 100

/** The compressed messages of one window. */
class Window {
  private readonly held: Map<string, Uint8Array>
  private heldBytes: number
  /** By the message, or by the buffer of its bytes. */
  private readonly jobs: Map<unknown, Job[]>

  constructor() {
    this.held = new Map()
    this.heldBytes = 0
    this.jobs = new Map()
  }

  /** Compresses the message, or waits for another connection that does. It never calls back at once. */
  compress(message: string | Uint8Array, connection: Waiting): void {
    const known = typeof message === 'string' ? this.held.get(message) : undefined
    // Later, because the package would continue with the next message within the call.
    if (known !== undefined) return queueMicrotask(() => { connection.done(null, known) })
    const jobs = this.jobsOf(message)
    const job = jobs.find(other => isSame(other.message, message))
    if (job !== undefined) return void job.waiting.push(connection)
    const added: Job = { message, waiting: [] }
    jobs.push(added)
    this.run(added, connection)
  }

  private jobsOf(message: string | Uint8Array): Job[] {
    const key = keyOf(message)
    let jobs = this.jobs.get(key)
    if (jobs === undefined) this.jobs.set(key, jobs = [])
    return jobs
  }

  private run(job: Job, { deflate, done }: Waiting): void {
    compressOwn(deflate, job.message, true, (error, bytes) => {
      const next = bytes === undefined ? job.waiting.shift() : undefined
      if (next !== undefined) this.run(job, next)
      else this.finish(job, bytes)
      done(error, bytes)
    })
  }

  private finish(job: Job, bytes: Uint8Array | undefined): void {
    const { message, waiting } = job
    this.forget(job)
    if (bytes === undefined) return
    const own = copyBytes(bytes, 0, bytes.length)
    if (typeof message === 'string') this.hold(message, own)
    for (const { done } of waiting) queueMicrotask(() => { done(null, own) })
  }

  private forget(job: Job): void {
    const key = keyOf(job.message)
    const others = this.jobsOf(job.message).filter(other => other !== job)
    if (others.length > 0) this.jobs.set(key, others)
    else this.jobs.delete(key)
  }

  /** Drops the oldest ones beyond the limit. */
  private hold(message: string, bytes: Uint8Array): void {
    this.held.set(message, bytes)
    this.heldBytes += sizeOf(message, bytes)
    for (const [oldest, itsBytes] of this.held) {
      if (this.heldBytes <= HELD_BYTES) return
      this.held.delete(oldest)
      this.heldBytes -= sizeOf(oldest, itsBytes)
    }
  }
}

const windows = new Map<number, Window>()

/** Lets the connection share its compressed messages, if it does not keep its context. */
export function shareCompression(deflate: Deflate): void {
  const { params } = deflate
  if (params?.['server_no_context_takeover'] !== true) return
  const bits = params['server_max_window_bits']
  const window = windowOf(typeof bits === 'number' ? bits : LARGEST_WINDOW)
  Object.assign(deflate, { [WINDOW]: window, compress: compressShared })
}

function compressShared(this: Deflate, message: string | Uint8Array, isFinal: boolean, done: Done): void {
  if (isFinal) (this as SharedDeflate)[WINDOW].compress(message, { deflate: this, done })
  else compressOwn(this, message, isFinal, done)
}

/** Compresses with the stream of this connection. */
function compressOwn(deflate: Deflate, message: string | Uint8Array, isFinal: boolean, done: Done): void {
  (Object.getPrototypeOf(deflate) as Deflate).compress.call(deflate, message, isFinal, done)
}

function windowOf(bits: number): Window {
  let window = windows.get(bits)
  if (window === undefined) windows.set(bits, window = new Window())
  return window
}

function keyOf(message: string | Uint8Array): unknown {
  return typeof message === 'string' ? message : message.buffer
}

/** Bytes are the same if they are in the same place. */
function isSame(one: string | Uint8Array, other: string | Uint8Array): boolean {
  if (typeof one === 'string' || typeof other === 'string') return one === other
  return one.buffer === other.buffer && one.byteOffset === other.byteOffset && one.length === other.length
}

/** The characters of a text take one or two bytes each. */
function sizeOf(message: string, bytes: Uint8Array): number {
  return 2 * message.length + bytes.length + OVERHEAD
}
