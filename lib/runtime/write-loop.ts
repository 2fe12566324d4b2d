/**
 * The write loop: the connection's output into the transport.
 *
 * Strategy: as long as the transport takes everything at once the loop goes on, and reports each write as it is taken,
 * which is what wakes a source that waits for demand. What is made within one turn (the requests of one read, what a
 * handler does in one event) leaves in one write. A source that never ends and a peer that never fills up must not keep
 * the process from its other connections, so after some bytes the loop goes on in another turn of the event loop.
 *
 * A backpressure policy that is to judge whether the client is slow has the pending output offered first (`offer`),
 * also within a turn: a burst that the transport takes at once is no sign of a slow client.
 */
import { firstBytes, IOVec } from '../buffer/iovec.js'
import type { WriteOperation, WriteResult } from '../connection/operation.js'
import type { EventSink } from './events.js'
import type { Output, OutputTransport, WriteObserver } from './transport.js'
import type { TurnTasks } from './turn-tasks.js'

/**
 * Bytes written before other connections have their turn. The count carries across events: a promise-driven source
 * could otherwise starve the event loop.
 */
const TURN_BYTES = 256 * 1024
const NOTHING: readonly IOVec[] = []

/**
 * Bytes of one write at most. A transport reports when all of a write was taken, not how much of it: a client could
 * take half of one huge body without a sign of life.
 */
export const WRITE_BYTES = 256 * 1024

/**
 * Bytes accepted without waiting before a client counts as keeping up; more than the kernel's buffers absorb (on Linux
 * up to 4 MiB, and what it reads ahead).
 */
const KEPT_UP_BYTES = 8 * 1024 * 1024

/** Whether the application transferred the memory of the bytes, so that the array is empty. */
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

/** The owner of a write loop: a connection's driver, or the output of a WebSocket. */
export interface WriteOwner {
  readonly tasks: TurnTasks
  readonly events: EventSink
  /** There is nothing more to write; the transport is reset where a cut response would look complete. */
  outputClosed(mustReset: boolean): void
  /** The transport broke. */
  outputFailed(error: unknown): void
  /** Bytes that wait were given away: the application transferred what was the server's. */
  outputGivenAway(): void
  /** Everything of a turn was written. */
  turnEnded(): void
}

/** The write loop of one connection. */
export class WriteLoop implements WriteObserver {
  /** How many bytes the transport took, of the writes that are over. */
  writtenBytes: number
  private readonly connection: OutputSource
  private readonly transport: OutputTransport
  private readonly owner: WriteOwner
  private readonly tasks: TurnTasks
  private readonly events: EventSink
  private readonly wake: () => void
  /** {@link runDeferred}, once it was needed. */
  private run: (() => void) | null
  /**
   * What the loop waits for: nothing (`ready`), output (`yielding`), the transport (`awaiting` a write), or the turn of
   * other connections (a write was `taken` and not reported).
   */
  private state: 'ready' | 'yielding' | 'awaiting' | 'taken' | 'closed'
  /** Whether a whole turn of the event loop passed while the write was awaited; counted from the first question. */
  private overdue: 'unasked' | 'asked' | 'yes'
  private turns: number
  /** How many writes there were. */
  private writes: number
  private isDeferred: boolean
  private count: number
  private iovecs: readonly IOVec[]
  private turnBytes: number
  /** How many bytes were taken at once since a write last had to wait. */
  private takenAtOnce: number

  constructor(connection: OutputSource, transport: OutputTransport, owner: WriteOwner) {
    this.writtenBytes = 0
    this.connection = connection
    this.transport = transport
    this.owner = owner
    this.tasks = owner.tasks
    this.events = owner.events
    this.wake = () => { this.resume() }
    this.run = null
    this.state = 'ready'
    this.overdue = 'unasked'
    this.turns = 0
    this.writes = 0
    this.isDeferred = false
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
    return this.state === 'awaiting' ? this.count : 0
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
    this.state = 'closed'
  }

  /**
   * Offers the transport what waits, now. Returns whether what waits then is what the client does not take; false where
   * the transport could not say yet.
   */
  offer(): boolean {
    this.turns++
    for (;;) {
      if (this.state === 'taken') this.reportTaken()
      else if (this.state === 'ready' && this.connection.hasPendingOutput) this.step()
      else break
    }
    this.turns--
    if (this.turns === 0) this.owner.turnEnded()
    return this.state !== 'awaiting' || this.transport.answersAtOnce || this.isOverdue()
  }

  written(error: Error | null): void {
    if (this.state === 'closed') return
    if (error !== null) return this.owner.outputFailed(error)
    this.turnBytes = 0
    this.turns++
    this.reportTaken()
    this.endTurn()
  }

  /** A transport that calls back does so in the next turn if it could take all at once. */
  private isOverdue(): boolean {
    if (this.overdue !== 'unasked') return this.overdue === 'yes'
    const { writes } = this
    this.overdue = 'asked'
    this.tasks.later(() => { if (writes === this.writes && this.overdue === 'asked') this.overdue = 'yes' })
    return false
  }

  private reportTaken(): void {
    this.state = 'ready'
    this.overdue = 'unasked'
    this.report()
  }

  private resume(): void {
    if (this.state !== 'yielding') return
    this.state = 'ready'
    this.tell('writerResume')
    if (this.turns === 0 && !this.isDeferred) this.deferFlush()
  }

  private deferFlush(): void {
    this.isDeferred = true
    this.tasks.defer(this.run ??= () => { this.runDeferred() })
  }

  private runDeferred(): void {
    this.isDeferred = false
    if (this.turns === 0) this.flush()
  }

  private flush(): void {
    // Callbacks of the connection write again within the loop: it goes on with that by itself.
    this.turns++
    while (this.state === 'ready') this.step()
    this.turns--
    this.owner.turnEnded()
  }

  private step(): void {
    const text = this.events.isObserved ? '' : this.connection.pendingText
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
    if (pending.some(isGivenAway)) return this.owner.outputGivenAway()
    const length = IOVec.lengthv(pending)
    this.iovecs = length <= WRITE_BYTES ? pending : firstBytes(pending, WRITE_BYTES)
    this.write(this.iovecs, Math.min(length, WRITE_BYTES))
  }

  private write(output: Output, count: number): void {
    this.count = count
    this.writes++
    this.turnBytes += count
    // Before the call: a transport without a network may come back within it.
    this.state = 'awaiting'
    if (this.transport.write(output, this)) return this.taken(count)
    this.takenAtOnce = 0
    // It may have been taken within the call.
    if (this.underWay > 0 && this.events.isObserved) this.events.emit({ type: 'writeWaits', count })
  }

  private taken(count: number): void {
    this.takenAtOnce += count
    if (this.turnBytes <= TURN_BYTES) this.reportTaken()
    else this.reportLater()
  }

  private reportLater(): void {
    this.state = 'taken'
    this.tasks.later(() => { if (this.state === 'taken') this.written(null) })
  }

  private report(): void {
    const { count, iovecs } = this
    this.writtenBytes += count
    if (this.events.isObserved) this.events.emit({ type: 'bytesOut', count, iovecs })
    this.iovecs = NOTHING
    this.connection.reportWriteResult({ type: 'ok', count })
  }

  /** The connection may have been handed over just now. */
  private yieldWriter(): void {
    if (this.isClosed) return
    this.state = 'yielding'
    this.tell('writerYield')
    this.connection.yieldWriter(this.wake)
  }

  private close(mustReset: boolean): void {
    this.state = 'closed'
    this.owner.outputClosed(mustReset)
  }

  private get isClosed(): boolean {
    return this.state === 'closed'
  }

  private tell(type: 'writerYield' | 'writerResume'): void {
    if (this.events.isObserved) this.events.emit({ type })
  }
}
