/**
 * A request's body as the body of a response.
 *
 * Strategy: a chunk is read when there is room for it, so the client's own pace is what it is slowed down to. Going
 * through the asynchronous iterator, as for any other iterable, took 1.5 times the CPU of an echo of 1 KiB. Chunks are
 * taken as they are lent and copied into the output: memory that is used again costs less than memory of their own.
 */
import type { BodyReader } from '../connection/body-reader.js'
import { BodyPull } from './body-pull.js'
import type { PullTarget } from './pull.js'

/** Moves chunks from a request to a response. */
export class BodyPump extends BodyPull {
  readonly takesLent: boolean
  private readonly target: PullTarget
  private readonly resume: () => void

  /** How many bytes are missing, -1 where that is not known. */
  private missing: number

  constructor(reader: BodyReader, contentLength: number | null, target: PullTarget) {
    super(reader)
    this.takesLent = true
    this.missing = contentLength ?? -1
    this.target = target
    target.subject.bodySink.isLent = true
    this.resume = () => { this.pull() }
  }

  /** Asks for the next chunk when there is room. The end takes none: it leaves with the last chunk. */
  pull(): void {
    const { subject, highWaterMark, lowWaterMark } = this.target
    if (this.missing === 0 || subject.bodySink.pending < highWaterMark) this.read()
    else subject.bodySink.whenDrained(lowWaterMark, this.resume)
  }

  /** Asks for no more: the client of the response is gone. */
  unsubscribe(): void {
    this.reader.close()
  }

  onRead(bytes: Uint8Array): void {
    const { subject } = this.target
    if (this.missing > 0) this.missing -= bytes.length
    try {
      subject.write(bytes)
    } catch (error) {
      this.fail(error)
    }
    if (!subject.isClosed) this.pull()
  }

  onEof(): void {
    try {
      this.target.subject.complete()
    } catch (error) {
      this.onError(error)
    }
  }

  onError(error: unknown): void {
    this.target.subject.bodySink.error(error)
  }

  private fail(error: unknown): void {
    this.reader.close()
    this.onError(error)
  }
}
