/**
 * The kinds of sockets that a server supports, for tests that must hold on each of them.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Server } from '../../lib/node/serve.js'
import { afterwards, connect, start, type Client } from './net.js'
import { startTls, tlsClient } from './tls.js'

/** How a server of one kind is started, and how a client of it connects. */
interface Kind {
  readonly start: typeof start
  readonly connect: (server: Server) => Promise<Client>
}

/** Returns a path for a Unix socket. It is removed after the test. */
export function socketPath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'httprx-'))
  afterwards(() => { rmSync(folder, { recursive: true }) })
  return join(folder, 'socket')
}

/** A server on each kind of socket, and a client of it. */
export const KINDS: Record<string, Kind> = {
  TCP: { start, connect },
  TLS: { start: startTls, connect: tlsClient },
  Unix: {
    start: (handler, options) => start(handler, { ...options, path: socketPath() }),
    connect,
  },
}
