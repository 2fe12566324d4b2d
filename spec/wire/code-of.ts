/**
 * The code of the error that a call throws.
 */
import type { LocalProtocolError } from '../../lib/errors.js'

/** Returns the code of the error, or `none`. */
export function codeOf(make: () => unknown): string {
  try {
    make()
    return 'none'
  } catch (error) {
    return (error as LocalProtocolError).code
  }
}
