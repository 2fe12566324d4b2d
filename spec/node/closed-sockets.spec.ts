/**
 * The references of a closed socket. Node's sockets survive the collections of young garbage, and so do the objects
 * that they refer to.
 */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server as NetServer, type Socket } from 'node:net'
import { createServer as createTlsServer, connect as connectTls } from 'node:tls'
import { describe, expect, it } from '@jest/globals'
import { serve } from '../../lib/node/serve.js'
import { SocketTransport } from '../../lib/node/socket-transport.js'
import { HttpConnection } from '../../lib/reactive/http-connection.js'
import { afterwards } from '../helpers/net.js'
import { TLS } from '../helpers/tls.js'

/** Whether an object of the connection can be reached through properties. */
function reaches(start: object): boolean {
  const seen = new Set<unknown>([start])
  for (const one of seen) {
    if (one instanceof SocketTransport || one instanceof HttpConnection) return true
    for (const key of Reflect.ownKeys(one as object)) {
      const value: unknown = Object.getOwnPropertyDescriptor(one, key)?.value
      if (typeof value === 'object' && value !== null) seen.add(value)
    }
  }
  return false
}

/** Connects to a server whose sockets come from `source`; returns the server's side before and after. */
async function visit(server: NetServer, event: string, open: (port: number) => Socket): Promise<[boolean, boolean]> {
  const accepting = serve(() => ({ body: 'hello' }), { host: '127.0.0.1' })
  afterwards(() => { void accepting.close({ graceMs: 0 }) })
  await accepting.listening
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const accepted = once(server, event) as Promise<[Socket]>
  const client = open((server.address() as AddressInfo).port).resume()
  const [socket] = await accepted
  accepting.accept(socket)
  const isReached = reaches(socket)
  const closed = once(socket, 'close')
  client.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  await closed
  // By then all listeners of the event have been called, including those after that of `once`.
  await new Promise(resolve => { setImmediate(resolve) })
  server.close()
  return [isReached, reaches(socket)]
}

describe('a closed socket', () => {
  it('no longer refers to its connection', async () => {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true })
    expect(await visit(server, 'connection', port => connect(port, '127.0.0.1'))).toEqual([true, false])
  })

  it('no longer refers to its connection with TLS', async () => {
    const server = createTlsServer(TLS)
    const open = (port: number): Socket => connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
    expect(await visit(server, 'secureConnection', open)).toEqual([true, false])
  })
})
