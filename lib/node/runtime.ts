/**
 * Which runtime this is, and what is taken of it when the library is loaded: a test runner that fakes it later must not
 * stop the connections. Bun and Deno have the public interface of Node with other parts beneath it.
 */

/** Whether this is Node itself. */
export const isNode = !('bun' in process.versions) && !('deno' in process.versions)

/** Node's own `process.nextTick`. */
export const nextTick = process.nextTick.bind(process)

/** Node's own functions. */
export const { queueMicrotask, setImmediate } = globalThis
