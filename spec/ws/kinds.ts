/**
 * The kinds of sockets, each with a server and its clients.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Handler, Server } from '../../lib/index.js'
import type { ListenOptions } from '../../lib/node/listen-options.js'
import { connect, start, type Client } from '../helpers/net.js'
import { startTls, tlsClient } from '../helpers/tls.js'

export const KINDS = ['TCP', 'TLS', 'Unix'] as const

/** A server of one kind. */
export interface KindServer extends AsyncDisposable {
  readonly server: Server & { readonly errors: unknown[] }
  client(): Promise<Client>
}

/** Starts a server of this kind, which is closed with what is open when it is disposed of. */
export async function serverOf(
  kind: typeof KINDS[number], handler: Handler, options: ListenOptions = {},
): Promise<KindServer> {
  const folder = kind === 'Unix' ? mkdtempSync(join(tmpdir(), 'httprx-ws-')) : ''
  const path = join(folder, 'socket')
  const plain = kind === 'Unix' ? { ...options, path } : options
  const server = kind === 'TLS' ? await startTls(handler, options) : await start(handler, plain)
  const client = (): Promise<Client> => kind === 'TLS' ? tlsClient(server) : connect(server)
  return {
    server,
    client,
    [Symbol.asyncDispose]: async () => {
      await server.close({ graceMs: 0 })
      if (folder !== '') rmSync(folder, { recursive: true, force: true })
    },
  }
}
