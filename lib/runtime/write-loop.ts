/**
 * The write loop: the connection's output into the transport.
 *
 * Strategy: as long as the transport takes everything at once the loop goes on, and reports each write as it is taken,
 * which is what wakes a source that waits for demand. What is made within one turn (the requests of one read, what a
 * handler does in one event) leaves in one write. A source that never ends and a peer that never fills up must not keep
 * the process from its other connections, so after some bytes the loop goes on in another turn of the event loop.
 *
 * Who is to judge whether the client is slow asks for what waits to be offered at once (`offer`), within a turn too: a
 * burst that the transport takes is no sign of a slow client.
 */
import { firstBytes, IOVec } from '../buffer/iovec.js'
import type { WriteOperation, WriteResult } from '../connection/operation.js'
import type { Output, OutputTransport, WriteObserver } from './transport.js'

/**
 * How many bytes are written before other connections have their turn. It counts on from one event to the next: a
 * source of promises goes on without end while the event loop stands still.
 */
const TURN_BYTES = 256 * 1024
const NOTHING: readonly IOVec[] = []

/**
 * How many bytes are written at once. A transport says when all of a write was taken, not how much of it: of one huge
 * body the client might take half without a sign of life.
 */
export const WRITE_BYTES = 256 * 1024

/**
 * After how many bytes that the transport took at once the client is taken to keep up. One that does not read at all
 * lets the kernel's buffers take some (on Linux up to 4 MiB and what it reads ahead), and is not to count.
 */
const KEPT_UP_BYTES = 8 * 1024 * 1024

/** Whether the memory of the bytes is another's, so that the array is empty. */
function isGivenAway({ buffer }: IOVec): boolean {
  return buffer.length === 0
}

/** Where the output comes from: a connection, or what took its place. */
export interface OutputSource {
  readonly hasPendingOutput: boolean
  /** Text that waits and was not encoded yet, or ''. */
  readonly pendingText: string
  nextWriteOperation(): WriteOperation
  reportWriteResult(result: WriteResult): void
  /** Calls back once when there is output again. */
  yieldWriter(resume: () => void): void
}

/** Whom the write loop belongs to. */
export interface WriteHost {
  /** Whether somebody looks at what is written: as iovecs, then. */
  readonly isObserved: boolean
  bytesOut(count: number, iovecs: readonly IOVec[]): void
  /** The transport did not take a write at once. */
  writeWaits(count: number): void
  /** What the loop does. */
  tell(type: 'writerYield' | 'writerResume'): void
  /** There is nothing more to write; the transport is reset where a cut response would look complete. */
  outputClosed(mustReset: boolean): void
  /** The transport broke. */
  outputFailed(error: unknown): void
  /** Bytes that wait were given away: the application transferred what was the server's. */
  outputGivenAway(): void
  /** Everything of a turn was done: what failed in it is known to the connection. */
  turnEnded(): void
  /** Runs the task soon, once what happens now is over. */
  defer(task: () => void): void
  /** Runs the task after other connections had their turn. */
  later(task: () => void): void
}

/** The write loop of one connection. */
export class WriteLoop implements WriteObserver {
  private readonly connection: OutputSource
  private readonly transport: OutputTransport
  private readonly host: WriteHost
  private readonly wake: () => void
  /** {@link runDeferred}, once it was needed. */
  private run: (() => void) | null
  private turns: number
  /** The write that was not reported: the transport has to take it, or did, and other connections come first. */
  private writing: 'none' | 'awaited' | 'taken'
  /** Whether a whole turn of the event loop passed since somebody asked about the write that is awaited. */
  private isOverdue: boolean
  /** Whether that turn is waited for. */
  private isAsked: boolean
  /** How many writes there were. */
  private writes: number
  private isYielding: boolean
  private isDeferred: boolean
  private isClosed: boolean
  private count: number
  private iovecs: readonly IOVec[]
  private turnBytes: number
  /** How many bytes were taken at once since a write last had to wait. */
  private takenAtOnce: number

  constructor(connection: OutputSource, transport: OutputTransport, host: WriteHost) {
    this.connection = connection
    this.transport = transport
    this.host = host
    this.wake = () => { this.resume() }
    this.run = null
    this.turns = 0
    this.writing = 'none'
    this.isOverdue = false
    this.isAsked = false
    this.writes = 0
    this.isYielding = false
    this.isDeferred = false
    this.isClosed = false
    this.count = 0
    this.iovecs = NOTHING
    this.turnBytes = 0
    this.takenAtOnce = 0
  }

  /** Whether the client has lately taken everything as fast as it came: {@link KEPT_UP_BYTES} at least. */
  get isKeepingUp(): boolean {
    return this.takenAtOnce >= KEPT_UP_BYTES
  }

  /** How many bytes the write has that the transport did not take yet; 0 where there is none. */
  get underWay(): number {
    return this.writing === 'awaited' ? this.count : 0
  }

  /** Keeps output back until the matching {@link endTurn}. */
  beginTurn(): void {
    this.turns++
  }

  /** Something happened outside: the event loop goes on, so other connections have had their turn. */
  beginEvent(): void {
    this.turnBytes = 0
  }

  /** Writes what there is. */
  endTurn(): void {
    if (--this.turns === 0) this.flush()
  }

  /** Stops writing for good. */
  stop(): void {
    this.isClosed = true
  }

  /**
   * Offers the transport what waits, now. Returns whether what waits then is what the client does not take; false where
   * the transport could not say yet.
   */
  offer(): boolean {
    this.turns++
    while (!this.isClosed && this.writing !== 'awaited') {
      if (this.writing === 'taken') this.reportTaken()
      else if (this.connection.hasPendingOutput) this.step()
      else break
    }
    this.turns--
    if (this.turns === 0) this.host.turnEnded()
    return this.writing !== 'awaited' || this.transport.answersAtOnce || this.isOverdueNow()
  }

  written(error: Error | null): void {
    if (this.isClosed) return
    if (error !== null) return this.host.outputFailed(error)
    this.turnBytes = 0
    this.turns++
    this.reportTaken()
    this.endTurn()
  }

  /** A transport that calls back does so in the next turn if it could take all at once. */
  private isOverdueNow(): boolean {
    if (this.isOverdue || this.isAsked) return this.isOverdue
    const { writes } = this
    this.isAsked = true
    this.host.later(() => {
      this.isAsked = false
      if (writes === this.writes && this.writing === 'awaited') this.isOverdue = true
    })
    return false
  }

  private reportTaken(): void {
    this.writing = 'none'
    this.isOverdue = false
    this.report()
  }

  private resume(): void {
    if (this.isClosed) return
    this.isYielding = false
    this.host.tell('writerResume')
    if (this.turns === 0 && !this.isDeferred) this.deferFlush()
  }

  private deferFlush(): void {
    this.isDeferred = true
    this.host.defer(this.run ??= () => { this.runDeferred() })
  }

  private runDeferred(): void {
    this.isDeferred = false
    if (this.turns === 0) this.flush()
  }

  private flush(): void {
    // Callbacks of the connection write again within the loop: it goes on with that by itself.
    this.turns++
    while (this.writing === 'none' && !this.isYielding && !this.isClosed) this.step()
    this.turns--
    this.host.turnEnded()
  }

  private step(): void {
    const text = this.host.isObserved ? '' : this.connection.pendingText
    if (text === '') this.doOperation()
    else this.write(text, text.length)
  }

  private doOperation(): void {
    const operation = this.connection.nextWriteOperation()
    if (operation.type === 'write') this.writeIovecs(operation.iovecs)
    else if (operation.type === 'yield') this.yieldWriter()
    else if (operation.type === 'close') this.close(operation.mustReset)
    else this.stop()
  }

  private writeIovecs(pending: readonly IOVec[]): void {
    if (pending.some(isGivenAway)) return this.host.outputGivenAway()
    const length = IOVec.lengthv(pending)
    this.iovecs = length <= WRITE_BYTES ? pending : firstBytes(pending, WRITE_BYTES)
    this.write(this.iovecs, Math.min(length, WRITE_BYTES))
  }

  private write(output: Output, count: number): void {
    this.count = count
    this.writes++
    this.turnBytes += count
    // Before the call: a transport without a network may come back within it.
    this.writing = 'awaited'
    if (this.transport.write(output, this)) return this.taken(count)
    this.takenAtOnce = 0
    // It may have been taken within the call.
    if (this.isAwaiting) this.host.writeWaits(count)
  }

  private get isAwaiting(): boolean {
    return this.writing === 'awaited'
  }

  private taken(count: number): void {
    this.takenAtOnce += count
    if (this.turnBytes <= TURN_BYTES) this.reportTaken()
    else this.reportLater()
  }

  private reportLater(): void {
    this.writing = 'taken'
    this.host.later(() => { if (this.writing === 'taken') this.written(null) })
  }

  private report(): void {
    this.host.bytesOut(this.count, this.iovecs)
    this.iovecs = NOTHING
    this.connection.reportWriteResult({ type: 'ok', count: this.count })
  }

  /** The connection may have been handed over just now. */
  private yieldWriter(): void {
    if (this.isClosed) return
    this.isYielding = true
    this.host.tell('writerYield')
    this.connection.yieldWriter(this.wake)
  }

  private close(mustReset: boolean): void {
    this.isClosed = true
    this.host.outputClosed(mustReset)
  }
}
