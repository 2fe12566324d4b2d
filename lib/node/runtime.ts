/**
 * Detects the runtime and captures its scheduling functions when the library is loaded, because a test runner that
 * fakes them later must not stop the connections. Bun and Deno have Node's public interface with other internals.
 */

/** Whether this is Node itself. */
export const isNode = !('bun' in process.versions) && !('deno' in process.versions)

/** The main number of V8's version on Node. Other runtimes name what they are compatible with, or nothing. */
export const v8Version = Number.parseInt(process.versions.v8)

/** The original `process.nextTick`. */
export const nextTick = process.nextTick.bind(process)

/** The original functions. */
export const { queueMicrotask, setImmediate } = globalThis

/** The original `performance.now`: milliseconds. */
export const now = performance.now.bind(performance)
