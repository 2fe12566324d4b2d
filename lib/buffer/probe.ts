/**
 * Tests of undocumented functions of a runtime before they are used.
 */

/** Whether the attempt succeeds: an undocumented function may return anything, or throw. */
export function works(attempt: () => boolean): boolean {
  try {
    return attempt()
  } catch {
    return false
  }
}
