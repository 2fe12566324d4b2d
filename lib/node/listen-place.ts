/**
 * Converts our options of where to listen to Node's, and checks what Node would not report clearly, or at all.
 */
import { existsSync } from 'node:fs'
import type { ListenOptions as NodeListenOptions } from 'node:net'
import { dirname } from 'node:path'
import type { ListenOptions } from './listen-options.js'

/** The longest path of a Unix socket in bytes. Operating systems truncate a longer one silently. */
const LONGEST_PATH = process.platform === 'linux' ? 107 : 103

/** The first minor version of Node with `reusePort`, by major version. */
const REUSE_PORT_SINCE: Readonly<Record<number, number>> = { 22: 12, 23: 1 }

/** Returns the options of Node's `listen`. @throws an Error with a code, like Node's: the place is unusable */
export function placeOf(options: ListenOptions): NodeListenOptions {
  const { path, fd, port = 0, host, backlog, ipv6Only, reusePort, readableAll, writableAll } = options
  if (fd !== undefined) return { fd, backlog } as NodeListenOptions
  if (path !== undefined) {
    checkPath(path)
    return { path, backlog, readableAll, writableAll }
  }
  if (reusePort === true) checkReusePort(process.versions.node)
  return { port, host, backlog, ipv6Only, reusePort } as NodeListenOptions
}

/** @throws an Error: this version of Node would ignore `reusePort`. @internal */
export function checkReusePort(version: string): void {
  const [major, minor] = version.split('.').map(Number)
  if (major > 23 || minor >= (REUSE_PORT_SINCE[major] ?? Infinity)) return
  throw fault('ERR_FEATURE_UNAVAILABLE_ON_PLATFORM', `reusePort needs Node 22.12 or 23.1, and this is ${version}`)
}

/** Checks a path, except Windows pipes and abstract sockets, which have no file. */
function checkPath(path: string): void {
  if (process.platform === 'win32' || path.startsWith('\0')) return
  const length = Buffer.byteLength(path)
  if (length > LONGEST_PATH) {
    throw fault('ENAMETOOLONG', `the path has ${length} bytes, but a Unix socket allows at most ${LONGEST_PATH}`)
  }
  if (!existsSync(dirname(path))) throw fault('ENOENT', `there is no folder ${dirname(path)}`)
}

function fault(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}
