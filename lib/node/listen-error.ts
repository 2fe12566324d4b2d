/**
 * Makes the errors of servers that cannot listen, with messages that say what to do.
 */
import { ListenError } from '../errors.js'
import type { ListenOptions } from './listen-options.js'

/** Returns the error of a server that was closed before it listened. */
export function closedError(options: ListenOptions): ListenError {
  const cause = new Error('the server was closed')
  return new ListenError('ERR_CLOSED', `cannot listen on ${placeOf(options)}: ${cause.message}`, cause)
}

/** Wraps Node's error for a server with these options. */
export function listenError(error: Error, options: ListenOptions): ListenError {
  const code = (error as NodeJS.ErrnoException).code ?? 'ERR_LISTEN'
  return new ListenError(code, `cannot listen on ${placeOf(options)}: ${reasonOf(code, error, options)}`, error)
}

function placeOf({ fd, path, host, port = 0 }: ListenOptions): string {
  if (fd !== undefined) return `fd ${fd}`
  if (path !== undefined) return path
  return host?.includes(':') === true ? `[${host}]:${port}` : `${host ?? '*'}:${port}`
}

function reasonOf(code: string, error: Error, options: ListenOptions): string {
  const isPath = options.path !== undefined
  switch (code) {
    case 'EADDRINUSE': return isPath
      ? 'the socket file exists; if no server uses it, it is stale: remove it'
      : 'the port is in use'
    case 'EACCES': return isPath ? 'no permission to create the socket file' : 'no permission for this port'
    case 'EADDRNOTAVAIL': return 'this machine has no such address'
    case 'ENOTFOUND': return 'there is no such host name'
    default: return options.tls === undefined ? error.message : `TLS: ${error.message}`
  }
}
