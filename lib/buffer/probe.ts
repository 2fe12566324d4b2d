/**
 * Trying out what lies beneath a runtime's public interface before it is used.
 */

/** Whether the attempt succeeds: what is not as expected may return anything, or throw. */
export function works(attempt: () => boolean): boolean {
  try {
    return attempt()
  } catch {
    return false
  }
}
