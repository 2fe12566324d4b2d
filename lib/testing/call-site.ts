/**
 * Where in the user's code something was called.
 *
 * Strategy: the first line of the stack that is neither the runtime's nor this package's nor RxJS's; a file of the
 * project rather than one of its dependencies. Behind an `await`, the engine tells who awaits.
 */

/** As many lines are looked at: a handler is called from deep inside. */
const DEPTH = 50

/** The path and the line of one line of a stack. */
const FRAME = /(?:^|\(|\s)(?:file:\/\/)?((?:\/|[A-Za-z]:[\\/]|node:)[^()]*?):(\d+)(?::\d+)?\)?$/

const OWN = ownFolder()

/** Returns the place of the call, as `folder/handler.ts:12` below the current folder; null where there is none. */
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

/** The folder of the package's code: this file is in a folder of it. */
function ownFolder(): string {
  const path = stackLines().flatMap(line => frameOf(line) ?? [])[0].path
  return path.slice(0, path.lastIndexOf('testing'))
}
