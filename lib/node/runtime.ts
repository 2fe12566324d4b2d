/**
 * Which runtime this is. Bun and Deno have the public interface of Node with other parts beneath it.
 */

/** Whether this is Node itself. */
export const isNode = !('bun' in process.versions) && !('deno' in process.versions)
