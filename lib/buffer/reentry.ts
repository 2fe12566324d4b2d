/**
 * Guards a loop that may be requested again while it runs.
 *
 * Strategy: a callback called from a loop (by a source that answers at once, or a client that takes at once) may
 * request the same loop. A nested run would let the stack grow with the input and change the order of events. So the
 * second caller leaves a note and returns, and the first one continues. There are two forms: a loop that checks by
 * itself whether there is more to do ends with {@link Reentry.leave}; a loop that runs again if it was requested ends
 * with {@link Reentry.again}.
 */

/**
 * Admits one caller at a time to a loop.
 *
 * @example
 * if (!loop.enter()) return
 * while (hasMore()) step()
 * loop.leave()
 *
 * @example
 * if (!loop.enter()) return
 * do { step() } while (loop.again())
 */
export class Reentry {
  private state: 'idle' | 'busy' | 'asked'

  constructor() {
    this.state = 'idle'
  }

  /** Whether the loop is running. */
  get isBusy(): boolean {
    return this.state !== 'idle'
  }

  /** Begins the loop and returns true; if it is running already, notes the request and returns false. */
  enter(): boolean {
    if (this.state === 'idle') {
      this.state = 'busy'
      return true
    }
    this.state = 'asked'
    return false
  }

  /** Returns true and begins again if the loop was requested since it began; else ends it and returns false. */
  again(): boolean {
    const wasAsked = this.state === 'asked'
    this.state = wasAsked ? 'busy' : 'idle'
    return wasAsked
  }

  /** Ends the loop, whether or not it was requested in the meantime. */
  leave(): void {
    this.state = 'idle'
  }
}
