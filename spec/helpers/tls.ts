/**
 * Servers and clients that speak TLS, with the key and the certificate of the demo.
 */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect as connectTls, type ConnectionOptions } from 'node:tls'
import type { ListenOptions } from '../../lib/node/listen-options.js'
import type { Server } from '../../lib/node/serve.js'
import type { Handler } from '../../lib/reactive/streamed-reqd.js'
import { ROOT } from './built.js'
import { Client, portOf, start } from './net.js'

/** Where the certificate is; it is its own authority, and its name is localhost. */
export const CERTIFICATE = join(ROOT, 'demos/tls/cert.pem')

const [key, cert] = ['key', 'cert'].map(name => readFileSync(join(ROOT, `demos/tls/${name}.pem`)))

/** The options of `node:tls` for a server. */
export const TLS = { key, cert }

/** Another key with its certificate, whose name is localhost, too. */
export const OTHER = {
  key: readFileSync(join(ROOT, 'spec/helpers/other-key.pem')),
  cert: readFileSync(join(ROOT, 'spec/helpers/other-cert.pem')),
}

/** A server with TLS, as `start` gives one without. */
export function startTls(handler: Handler, options: ListenOptions = {}): ReturnType<typeof start> {
  return start(handler, { tls: TLS, ...options })
}

/** A client that has made the handshake. */
export async function tlsClient(server: Server, options: ConnectionOptions = {}): Promise<Client> {
  const socket = connectTls({
    port: portOf(server), host: '127.0.0.1', servername: 'localhost', ca: cert, allowHalfOpen: true, ...options,
  } as ConnectionOptions)
  const client = new Client(socket)
  await once(socket, 'secureConnect')
  return client
}
