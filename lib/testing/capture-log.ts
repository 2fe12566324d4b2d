/**
 * An append-only log that rotates, bounded in memory and on disk.
 *
 * Strategy: lines are queued and written in batches, one write at a time, so that the server never waits for the disk.
 * A line that does not fit into the queue is dropped and counted; when there is room again, a line reports the count. A
 * full file is renamed to `FILE.1`, the previous one to `FILE.2`, and so on; the oldest is removed. If the disk fails,
 * the queue is dropped and counted, and after `retryMs` the log continues on a new line.
 */
import { open, rename, rm, type FileHandle } from 'node:fs/promises'
import { libraryScheduler } from '../application/library-scheduler.js'
import { setImmediate } from '../node/runtime.js'

/** The files and limits of a log. */
export interface CaptureLogOptions {
  readonly file: string
  readonly maxFileBytes: number
  readonly maxFiles: number
  readonly maxQueueBytes: number
  readonly onError: (error: unknown) => void
  /** The pause after a failure of the disk in milliseconds. Default: 1,000. */
  readonly retryMs?: number
}

/** Counts of entries and bytes that did not reach the disk. */
export interface Dropped {
  entries: number
  bytes: number
}

/** An open log file. */
export type LogFile = Pick<FileHandle, 'write' | 'close'>

/** The file operations of a log. */
export interface Disk {
  open(file: string, flags: 'w' | 'a'): Promise<LogFile>
  rename(from: string, to: string): Promise<void>
  remove(file: string): Promise<void>
}

const DISK: Disk = {
  // Traffic is private: only the owner may read the file.
  open: (file, flags) => open(file, flags, 0o600),
  rename,
  remove: file => rm(file, { force: true }),
}

/** The maximum of bytes in one write. */
const BATCH_BYTES = 256 * 1024

/** Appends lines to rotating files. */
export class CaptureLog {
  readonly dropped: Dropped
  private readonly options: CaptureLogOptions
  private readonly headOf: (part: number) => string
  private readonly disk: Disk
  private queue: string[]
  private queuedBytes: number
  /** What was dropped since the last line that reported it. */
  private untold: Dropped
  private handle: LogFile | null
  private parts: number
  /** Whether the current file has its head. */
  private isBegun: boolean
  private fileBytes: number
  private retryAt: number
  private hasFailed: boolean
  private work: Promise<void> | null

  /** `headOf` returns the first line of a file by its number, from 1. */
  constructor(options: CaptureLogOptions, headOf: (part: number) => string, disk: Disk = DISK) {
    this.dropped = { entries: 0, bytes: 0 }
    this.options = options
    this.headOf = headOf
    this.disk = disk
    this.queue = []
    this.queuedBytes = 0
    this.untold = { entries: 0, bytes: 0 }
    this.handle = null
    this.parts = 0
    this.isBegun = false
    this.fileBytes = 0
    this.retryAt = 0
    this.hasFailed = false
    this.work = null
  }

  /** Adds a line of ASCII, if there is room. */
  add(line: string): void {
    const hasRoom = this.queuedBytes + line.length < this.options.maxQueueBytes
    if (!hasRoom || libraryScheduler.now() < this.retryAt) return this.drop(1, line.length)
    this.tell()
    this.enqueue(line)
    this.work ??= new Promise(resolve => { setImmediate(() => { resolve(this.writeAll()) }) })
  }

  /** Writes the queue and closes the file. */
  async close(): Promise<void> {
    if (this.untold.entries > 0) this.tell()
    while (this.queue.length > 0 || this.work !== null) await (this.work ?? this.writeAll())
    const { handle } = this
    this.handle = null
    await handle?.close().catch((error: unknown) => { this.options.onError(error) })
  }

  private enqueue(line: string): void {
    this.queue.push(line)
    this.queuedBytes += line.length
  }

  private tell(): void {
    const { entries, bytes } = this.untold
    if (entries === 0) return
    this.untold = { entries: 0, bytes: 0 }
    this.enqueue(`${JSON.stringify({ type: 'dropped', entries, bytes })}\n`)
  }

  private drop(entries: number, bytes: number): void {
    for (const count of [this.dropped, this.untold]) {
      count.entries += entries
      count.bytes += bytes
    }
  }

  private async writeAll(): Promise<void> {
    while (this.queue.length > 0) {
      const batch = this.nextBatch()
      try {
        await this.write(batch)
        this.hasFailed = false
      } catch (error) {
        this.fail(error, batch)
      }
      this.queuedBytes -= lengthOf(batch)
    }
    this.work = null
  }

  private nextBatch(): string[] {
    let [count, bytes] = [0, 0]
    while (count < this.queue.length && (count === 0 || bytes + this.queue[count].length <= BATCH_BYTES)) {
      bytes += this.queue[count++].length
    }
    return this.queue.splice(0, count)
  }

  private async write(batch: readonly string[]): Promise<void> {
    const text = batch.join('')
    if (this.fileBytes + text.length > this.options.maxFileBytes) this.isBegun = false
    const handle = this.isBegun ? this.handle ?? await this.goOn() : await this.begin()
    this.fileBytes += text.length
    await writeWhole(handle, Buffer.from(text, 'latin1'))
  }

  /** Rotates and begins a new file. */
  private async begin(): Promise<LogFile> {
    const { file } = this.options
    await this.handle?.close()
    this.handle = null
    await this.rotate()
    const handle = (this.handle = await this.disk.open(file, 'w'))
    const head = this.headOf(this.parts + 1)
    await writeWhole(handle, Buffer.from(head, 'latin1'))
    this.fileBytes = head.length
    this.isBegun = true
    this.parts++
    return handle
  }

  /** Reopens the file after a failure and starts a new line, because the last one may be truncated. */
  private async goOn(): Promise<LogFile> {
    const handle = (this.handle = await this.disk.open(this.options.file, 'a'))
    await writeWhole(handle, Buffer.from('\n'))
    return handle
  }

  private async rotate(): Promise<void> {
    const { file, maxFiles } = this.options
    const names = Array.from({ length: maxFiles }, (_, index) => index === 0 ? file : `${file}.${index}`)
    await this.disk.remove(names[maxFiles - 1])
    for (let index = maxFiles - 1; index > 0; index--) {
      await this.disk.rename(names[index - 1], names[index]).catch(ignoreMissing)
    }
  }

  private fail(error: unknown, batch: readonly string[]): void {
    const rest = this.queue.splice(0)
    this.drop(batch.length + rest.length, lengthOf(batch) + lengthOf(rest))
    this.queuedBytes -= lengthOf(rest)
    this.retryAt = libraryScheduler.now() + (this.options.retryMs ?? 1_000)
    void this.handle?.close().catch(() => undefined)
    this.handle = null
    if (!this.hasFailed) this.options.onError(error)
    this.hasFailed = true
  }
}

function lengthOf(lines: readonly string[]): number {
  return lines.reduce((sum, line) => sum + line.length, 0)
}

/** Writes all bytes; a single call may write only a part. */
async function writeWhole(handle: LogFile, bytes: Uint8Array): Promise<void> {
  let offset = 0
  while (offset < bytes.length) offset += (await handle.write(bytes, offset, bytes.length - offset)).bytesWritten
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}
