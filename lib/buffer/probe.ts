/**
 * Tests of undocumented functions of a runtime before they are used.
 *
 * Strategy: a module tries such a function once, when it is loaded, and uses the documented way if the trial fails. So
 * another runtime, or a later Node, makes the library slower and not wrong.
 */

/** Whether the attempt succeeds: an undocumented function may return anything, or throw. */
export function works(attempt: () => boolean): boolean {
  try {
    return attempt()
  } catch {
    return false
  }
}
