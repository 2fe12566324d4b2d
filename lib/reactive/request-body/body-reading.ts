/**
 * The reads of one consumer of a request body.
 *
 * Strategy: one object is all three callbacks of every read. The next read is scheduled from a loop, so that a body
 * which answers at once does not grow the stack.
 */
import { Reentry } from '../../buffer/reentry.js'
import type { BodyCallbacks, BodyReader } from '../../connection/body-reader.js'

/** A consumer that reads on by calling {@link read} once for every chunk it wants. */
export abstract class BodyReading implements BodyCallbacks {
  protected readonly reader: BodyReader
  private readonly reading: Reentry

  constructor(reader: BodyReader) {
    this.reader = reader
    this.reading = new Reentry()
  }

  /**
   * Schedules a read. A body that was closed from elsewhere throws: that goes to `onError`, and not to the
   * connection.
   */
  read(): void {
    if (!this.reading.enter()) return
    try {
      do this.reader.scheduleOpenRead(this); while (this.reading.again())
    } catch (error) {
      this.onError(error)
      this.reading.leave()
    }
  }

  abstract onRead(bytes: Uint8Array): void
  abstract onEof(): void
  abstract onError(error: unknown): void
}
