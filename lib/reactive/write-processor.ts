/**
 * The write loop: the connection's output into the transport.
 *
 * Strategy: as long as the transport takes everything at once the loop goes on, and reports each write as it is taken,
 * which is what wakes a source that waits for demand. What is made within one turn (the requests of one read, what a
 * handler does in one event) leaves in one write. A source that never ends and a peer that never fills up must not keep
 * the process from its other connections, so after some bytes the loop goes on in another turn of the event loop.
 */
import { IOVec } from '../buffer/iovec.js'
import type { AnyServerConnection } from '../connection/server-connection.js'
import type { Transport } from './transport.js'

/** How many bytes one turn may write. */
const TURN_BYTES = 256 * 1024

/** Whom the write loop belongs to. */
export interface WriteHost {
  bytesOut(count: number): void
  writerYielded(): void
  writerResumed(): void
  /** There is nothing more to write. */
  outputClosed(): void
  /** Runs the task soon, once what happens now is over. */
  defer(task: () => void): void
  /** Runs the task after other connections had their turn. */
  later(task: () => void): void
}

/** The write loop of one connection. */
export class WriteProcessor {
  private readonly connection: AnyServerConnection
  private readonly transport: Transport
  private readonly host: WriteHost
  private readonly wake: () => void
  private readonly run: () => void
  private readonly written: () => void
  private turns: number
  private isWriting: boolean
  private isYielding: boolean
  private isDeferred: boolean
  private isClosed: boolean
  private count: number
  private turnBytes: number

  constructor(connection: AnyServerConnection, transport: Transport, host: WriteHost) {
    this.connection = connection
    this.transport = transport
    this.host = host
    this.wake = () => { this.resume() }
    this.run = () => { this.runDeferred() }
    this.written = () => { this.finishWrite() }
    this.turns = 0
    this.isWriting = false
    this.isYielding = false
    this.isDeferred = false
    this.isClosed = false
    this.count = 0
    this.turnBytes = 0
  }

  /** Keeps output back until the matching {@link endTurn}. */
  beginTurn(): void {
    this.turns++
  }

  /** Writes what there is. */
  endTurn(): void {
    if (--this.turns === 0) this.flush()
  }

  /** Stops writing for good. */
  stop(): void {
    this.isClosed = true
  }

  private resume(): void {
    this.isYielding = false
    this.host.writerResumed()
    if (this.turns === 0 && !this.isDeferred) this.deferFlush()
  }

  private deferFlush(): void {
    this.isDeferred = true
    this.host.defer(this.run)
  }

  private runDeferred(): void {
    this.isDeferred = false
    if (this.turns === 0) this.flush()
  }

  private flush(): void {
    this.turnBytes = 0
    // Callbacks of the connection write again within the loop: it goes on with that by itself.
    this.turns++
    while (!this.isWriting && !this.isYielding && !this.isClosed) this.step()
    this.turns--
  }

  private step(): void {
    const operation = this.connection.nextWriteOperation()
    if (operation.type === 'write') this.write(operation.iovecs)
    else if (operation.type === 'yield') this.yieldWriter()
    else this.close()
  }

  private write(iovecs: readonly IOVec[]): void {
    this.count = IOVec.lengthv(iovecs)
    this.turnBytes += this.count
    if (!this.transport.write(iovecs, this.written)) this.isWriting = true
    else if (this.turnBytes <= TURN_BYTES) this.report()
    else this.reportLater()
  }

  private reportLater(): void {
    this.isWriting = true
    this.host.later(this.written)
  }

  private finishWrite(): void {
    if (this.isClosed) return
    this.isWriting = false
    this.turns++
    this.report()
    this.endTurn()
  }

  private report(): void {
    this.host.bytesOut(this.count)
    this.connection.reportWriteResult({ type: 'ok', count: this.count })
  }

  private yieldWriter(): void {
    this.isYielding = true
    this.host.writerYielded()
    this.connection.yieldWriter(this.wake)
  }

  private close(): void {
    this.isClosed = true
    this.host.outputClosed()
  }
}
