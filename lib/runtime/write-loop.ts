/**
 * The write loop: writes the connection's output to the transport.
 *
 * Strategy: while the transport takes everything at once, the loop continues and reports each write, which gives a
 * waiting source new demand. Output produced within one turn (by the requests of one read, or by a handler in one
 * event) leaves in one write. An endless source with a fast client must not starve other connections, so after
 * `TURN_BYTES` the loop continues in a later turn of the event loop. An overflow policy calls `offer` before it judges
 * a client slow, also within a turn: a burst that the transport takes at once is no sign of a slow client.
 */
import { firstBytes, IOVec, isGivenAway } from '../buffer/iovec.js'
import type { WriteOperation, WriteResult } from '../connection/operation.js'
import type { EventSink } from './events.js'
import type { Output, OutputTransport, WriteObserver } from './transport.js'
import type { Task, TurnTasks } from './turn-tasks.js'

/**
 * Bytes written before other connections have their turn. The count carries across events: a promise-driven source
 * could otherwise starve the event loop.
 */
const TURN_BYTES = 256 * 1024
const NOTHING: readonly IOVec[] = []

/** The maximum of bytes in one write: only whole writes are reported, so half of a huge one would look like none. */
export const WRITE_BYTES = 256 * 1024

/** Bytes accepted without waiting before a client counts as keeping up; the kernel's buffers absorb 4 MiB and more. */
const KEPT_UP_BYTES = 8 * 1024 * 1024

/** The source of the output: a connection, or the protocol that replaced it. */
export interface OutputSource {
  readonly hasPendingOutput: boolean
  /** Pending output that is still unencoded latin-1 text, or ''. */
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
  /** The output is closed. `mustReset`: a regular end would make a truncated response look complete. */
  outputClosed(mustReset: boolean): void
  /** The transport broke. */
  outputFailed(error: unknown): void
  /** Pending bytes are not there any more; `fate` says of them why, and `cause` is what a write threw. */
  outputLost(fate: string, cause?: unknown): void
  /** The output of a turn was offered. */
  turnEnded(): void
}

/** The write loop of one connection. */
export class WriteLoop implements WriteObserver, Task {
  /** Bytes of the completed writes. */
  writtenBytes: number
  private readonly connection: OutputSource
  private readonly transport: OutputTransport
  private readonly owner: WriteOwner
  private readonly tasks: TurnTasks
  private readonly events: EventSink
  private readonly wake: () => void
  /**
   * What the loop waits for: nothing (`ready`), output (`yielding`), the completion of a write (`awaiting`), or the
   * turn of other connections, to report a write that was `taken`.
   */
  private state: 'ready' | 'yielding' | 'awaiting' | 'taken' | 'closed'
  /** Who continues a loop that yields: the connection, which calls {@link wake}, or the deferred {@link run}. */
  private awakener: 'none' | 'connection' | 'task'
  /** Whether the write in flight has taken longer than a turn of the event loop since {@link isOverdue} first asked. */
  private overdue: 'unasked' | 'asked' | 'yes'
  private turns: number
  /** The number of writes so far, which identifies the current one. */
  private writes: number
  private count: number
  private iovecs: readonly IOVec[]
  private turnBytes: number
  /** Bytes taken at once since a write last had to wait. */
  private takenAtOnce: number

  constructor(connection: OutputSource, transport: OutputTransport, owner: WriteOwner) {
    this.writtenBytes = 0
    this.connection = connection
    this.transport = transport
    this.owner = owner
    this.tasks = owner.tasks
    this.events = owner.events
    this.wake = this.resume.bind(this)
    this.state = 'ready'
    this.awakener = 'none'
    this.overdue = 'unasked'
    this.turns = 0
    this.writes = 0
    this.count = 0
    this.iovecs = NOTHING
    this.turnBytes = 0
    this.takenAtOnce = 0
  }

  /** Whether at least {@link KEPT_UP_BYTES} were taken without a wait. */
  get isKeepingUp(): boolean {
    return this.takenAtOnce >= KEPT_UP_BYTES
  }

  /** The size of the write in flight in bytes; 0 if there is none. */
  get underWay(): number {
    return this.state === 'awaiting' ? this.count : 0
  }

  /** Holds output back until the matching {@link endTurn}. */
  beginTurn(): void {
    this.turns++
  }

  /** Called at an event from outside: the event loop has run, so other connections have had their turn. */
  beginEvent(): void {
    this.turnBytes = 0
  }

  /** Writes the output of the turn, if this ends the outermost one. */
  endTurn(): void {
    if (--this.turns === 0) this.flush()
  }

  /** Stops writing for good. */
  stop(): void {
    this.state = 'closed'
  }

  /**
   * Offers pending output to the transport now. Returns true if what is still pending waits for the client; false if
   * the transport cannot tell yet. Also while the loop yields: a pipelined request may be handled before it is woken.
   */
  offer(): boolean {
    this.turns++
    for (;;) {
      if (this.state === 'taken') this.reportTaken()
      else if (this.mayWrite && this.connection.hasPendingOutput) this.step()
      else break
    }
    if (--this.turns === 0) {
      // Nobody else continues a loop whose `taken` write was reported here.
      if (this.state === 'ready' && this.awakener === 'none') this.deferFlush()
      this.owner.turnEnded()
    }
    return this.state !== 'awaiting' || this.transport.answersAtOnce || this.isOverdue()
  }

  /** There is output again, for a loop that yielded. */
  resume(): void {
    this.awakener = 'none'
    if (!this.mayWrite) return
    this.state = 'ready'
    if (this.turns === 0) this.deferFlush()
    this.tell('writerResume')
  }

  /** The deferred task: continues a loop that yielded. A turn that came in the meantime may have written all. */
  run(): void {
    this.awakener = 'none'
    if (this.state === 'yielding') this.state = 'ready'
    if (this.turns === 0) this.flush()
  }

  written(error: Error | null): void {
    if (this.state === 'closed') return
    if (error !== null) return this.owner.outputFailed(error)
    this.turnBytes = 0
    this.turns++
    this.reportTaken()
    this.endTurn()
  }

  /** A transport with asynchronous completion calls back in the next turn if it could take all at once. */
  private isOverdue(): boolean {
    if (this.overdue !== 'unasked') return this.overdue === 'yes'
    const { writes } = this
    this.overdue = 'asked'
    this.tasks.later(() => { if (writes === this.writes && this.overdue === 'asked') this.overdue = 'yes' })
    return false
  }

  /** A loop that was stopped within the write stays so. */
  private reportTaken(): void {
    if (!this.isClosed) this.state = 'ready'
    this.overdue = 'unasked'
    this.report()
  }

  private deferFlush(): void {
    this.awakener = 'task'
    this.tasks.defer(this)
  }

  private flush(): void {
    // Re-entrant: callbacks of the connection produce output within the loop, which then writes it too.
    this.turns++
    while (this.state === 'ready') this.step()
    this.turns--
    this.owner.turnEnded()
  }

  private step(): void {
    const text = this.connection.pendingText
    // Listeners of events get bytes.
    if (text === '' || this.events.isObserved) this.doOperation()
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
    if (pending.some(isGivenAway)) return this.giveUp('were given away before they were sent')
    const length = IOVec.lengthv(pending)
    this.iovecs = length <= WRITE_BYTES ? pending : firstBytes(pending, WRITE_BYTES)
    this.write(this.iovecs, Math.min(length, WRITE_BYTES))
  }

  private write(output: Output, count: number): void {
    this.count = count
    this.writes++
    this.turnBytes += count
    // Set before the call: a transport without a network may call back within it.
    this.state = 'awaiting'
    if (this.isTaken(output)) return this.taken(count)
    this.takenAtOnce = 0
    // The transport may have called back within the call.
    if (this.underWay > 0 && this.events.isObserved) this.events.emit({ type: 'writeWaits', count })
  }

  /** Whether the transport took the output at once. Arrays with a `length` or `buffer` of their own may throw. */
  private isTaken(output: Output): boolean {
    try {
      return this.transport.write(output, this)
    } catch (error) {
      this.giveUp('cannot be read', error)
      return false
    }
  }

  /** Pending bytes are not there any more: the peer would take what follows for them. */
  private giveUp(fate: string, cause?: unknown): void {
    this.stop()
    this.owner.outputLost(fate, cause)
  }

  private taken(count: number): void {
    this.takenAtOnce += count
    if (this.turnBytes <= TURN_BYTES || this.isClosed) this.reportTaken()
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

  /** Does nothing if the connection was handed over during the operation. */
  private yieldWriter(): void {
    if (this.isClosed) return
    this.state = 'yielding'
    if (this.awakener !== 'none') return
    this.awakener = 'connection'
    this.tell('writerYield')
    this.connection.yieldWriter(this.wake)
  }

  private close(mustReset: boolean): void {
    this.stop()
    this.owner.outputClosed(mustReset)
  }

  private get mayWrite(): boolean {
    return this.state === 'ready' || this.state === 'yielding'
  }

  private get isClosed(): boolean {
    return this.state === 'closed'
  }

  private tell(type: 'writerYield' | 'writerResume'): void {
    if (this.events.isObserved) this.events.emit({ type })
  }
}
