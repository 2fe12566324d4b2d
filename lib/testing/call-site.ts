/**
 * Finds the place in the user's code that made the current call.
 *
 * Strategy: take the first stack frame outside of the runtime, this package and RxJS, preferring files of the project
 * to its dependencies. After an `await`, the engine's asynchronous frames name the awaiting function.
 */

/** The number of stack frames that are searched: a handler is called from deep inside. */
const DEPTH = 50

/** Matches the path and the line number of a stack frame. */
const FRAME = /(?:^|\(|\s)(?:file:\/\/)?((?:\/|[A-Za-z]:[\\/]|node:)[^()]*?):(\d+)(?::\d+)?\)?$/

const OWN = ownFolder()

/** Returns the call site, as `folder/handler.ts:12` relative to the current folder; null if there is none. */
export function callSite(): string | null {
  const frames = stackLines().flatMap(line => frameOf(line) ?? [])
  const foreign = frames.filter(({ path }) => !isOurs(path))
  const frame = foreign.find(({ path }) => !path.includes('node_modules')) ?? foreign.at(0)
  return frame === undefined ? null : `${shortened(frame.path)}:${frame.line}`
}

function stackLines(): string[] {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = DEPTH
  const lines = (new Error().stack ?? '').split('\n').slice(1)
  Error.stackTraceLimit = stackTraceLimit
  return lines
}

function frameOf(line: string): { path: string; line: string } | null {
  const match = FRAME.exec(line.trim())
  return match === null ? null : { path: match[1], line: match[2] }
}

function isOurs(path: string): boolean {
  return path.startsWith('node:') || path.startsWith(OWN) || /[\\/]node_modules[\\/]rxjs[\\/]/.test(path)
}

function shortened(path: string): string {
  const folder = `${process.cwd()}/`
  return path.startsWith(folder) ? path.slice(folder.length) : path
}

/** The root folder of the package's code: the parent of this file's folder, also where the package is bundled. */
function ownFolder(): string {
  const { path } = stackLines().flatMap(line => frameOf(line) ?? [])[0]
  return path.replace(/[^\\/]+[\\/][^\\/]+$/, '')
}
