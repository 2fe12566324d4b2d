/**
 * Holds the one callback that waits until a half of the connection has something to do again.
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
