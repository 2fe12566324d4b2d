/**
 * Holds the callback of a caller that waits until one half of the connection has something to do again.
 *
 * Strategy: there is one caller for each half, so one callback is enough, and a second one is a mistake of the caller.
 * The callback is forgotten before it is called, because it may register again.
 */
import { LocalProtocolError } from '../errors.js'

/** The callback of one half, or none. */
export class Wakeup {
  private callback: (() => void) | null

  constructor() {
    this.callback = null
  }

  /**
   * Keeps the callback until {@link wake}.
   *
   * @throws {@link LocalProtocolError} alreadyYielded: another one is waiting
   */
  register(callback: () => void): void {
    if (this.callback !== null) throw new LocalProtocolError('alreadyYielded', 'a callback is waiting already')
    this.callback = callback
  }

  /** Calls the waiting callback, if any, and forgets it. */
  wake(): void {
    const callback = this.callback
    if (callback === null) return
    this.callback = null
    callback()
  }
}
