/**
 * The base of the consumers of a request body.
 *
 * Strategy: one object holds the three callbacks of every read. Re-entrant reads are scheduled from a loop, so that a
 * body that answers synchronously does not grow the stack.
 */
import { Reentry } from '../../buffer/reentry.js'
import type { Ownership } from '../../buffer/ownership.js'
import type { BodyReader, LentCallbacks } from '../../connection/body-reader.js'

/** A consumer, which calls {@link read} once for each chunk. */
export abstract class BodyReading implements LentCallbacks {
  protected readonly reader: BodyReader
  private readonly reading: Reentry

  constructor(reader: BodyReader) {
    this.reader = reader
    this.reading = new Reentry()
  }

  /**
   * Schedules a read. If the body was closed elsewhere, the exception goes to `onError` and not to the connection.
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

  abstract onRead(bytes: Uint8Array, ownership: Ownership): void
  abstract onEof(): void
  abstract onError(error: unknown): void
}
