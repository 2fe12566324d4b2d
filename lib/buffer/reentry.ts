/**
 * Work that may be asked for again while it is under way.
 *
 * Strategy: a callback that is called from a loop (a source that answers at once, a client that takes at once) may ask
 * for the same loop. To run it within itself would let the stack grow with the input and mix the order of what happens.
 * So whoever comes second leaves a note and returns, and whoever came first goes on. There are two forms: a loop that
 * looks for itself whether there is more ends with {@link Reentry.leave}; one that does as often as it was asked ends
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

  /** Whether the work is under way. */
  get isBusy(): boolean {
    return this.state !== 'idle'
  }

  /** Begins the work and returns true; where it is under way already, notes that it was asked for and returns false. */
  enter(): boolean {
    if (this.state === 'idle') {
      this.state = 'busy'
      return true
    }
    this.state = 'asked'
    return false
  }

  /** Returns whether the work was asked for since it began, and begins it again; else it is over. */
  again(): boolean {
    const wasAsked = this.state === 'asked'
    this.state = wasAsked ? 'busy' : 'idle'
    return wasAsked
  }

  /** Ends the work, whether it was asked for meanwhile or not. */
  leave(): void {
    this.state = 'idle'
  }
}
