/**
 * Connections that are handed over to another protocol.
 */
import type { Socket } from 'node:net'
import { describe, expect, it } from '@jest/globals'
import { filter } from 'rxjs'
import { Headers } from '../../lib/message/headers.js'
import type { Handler } from '../../lib/reactive/streamed-reqd.js'
import { connect, next, start } from '../helpers/net.js'
import { startTls, tlsClient } from '../helpers/tls.js'

const REQUEST = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

describe('a connection that is handed over', () => {
  const UPGRADE = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n'

  /** Speaks the other protocol: an echo. */
  function echo(transport: unknown, head: Uint8Array): void {
    const socket = transport as Socket
    if (head.length > 0) socket.write(head)
    socket.pipe(socket)
  }

  const handler: Handler = reqd => {
    reqd.respondWithUpgrade(Headers.of({ Connection: 'upgrade', Upgrade: 'echo' }), echo)
  }

  it.each(['TCP', 'TLS'])('uses the other protocol over %s, from its first byte', async kind => {
    const server = kind === 'TLS' ? await startTls(handler) : await start(handler)
    const client = kind === 'TLS' ? await tlsClient(server) : await connect(server)
    client.send(`${UPGRADE}first`)
    expect(await client.receives('first')).toMatch(/^HTTP\/1.1 101 Switching Protocols\r\n[^]*\r\n\r\nfirst$/)
    client.send('second')
    await client.receives('second')
    const big = 'b'.repeat(500_000)
    client.send(big).end()
    expect((await client.all()).endsWith(`firstsecond${big}`)).toBe(true)
  })

  it('can be taken over without a response', async () => {
    const server = await start(reqd => {
      reqd.takeOver((socket, head) => { (socket as Socket).end(`MINE ${Buffer.from(head).toString()}`) })
    })
    const client = await connect(server)
    expect(await client.send(`${UPGRADE}head`).all()).toBe('MINE head')
  })

  it('comes after the responses to earlier requests, and after its own body', async () => {
    const server = await start(reqd => {
      if (reqd.method === 'GET') reqd.respond({ body: 'earlier' })
      else reqd.takeOver((socket, head) => { (socket as Socket).end(`MINE ${Buffer.from(head).toString()}`) })
    })
    const client = await connect(server)
    const fields = 'Host: a\r\nContent-Length: 4\r\nConnection: upgrade\r\nUpgrade: x\r\n'
    client.send(`${REQUEST}POST / HTTP/1.1\r\n${fields}\r\nbodyhead`)
    expect(await client.all()).toMatch(/earlierMINE head$/)
  })

  it('keeps the server open until it ends, or until graceMs', async () => {
    const server = await start(handler)
    const client = await connect(server)
    await client.send(`${UPGRADE}first`).receives('first')
    const order: string[] = []
    const closed = server.close().then(() => { order.push('closed') })
    await client.send('more').receives('more')
    order.push('still there')
    client.end()
    await closed
    expect(order).toEqual(['still there', 'closed'])
  })

  it('is cut at graceMs', async () => {
    const server = await start(handler)
    const client = await connect(server)
    await client.send(`${UPGRADE}first`).receives('first')
    await server.close({ graceMs: 10 })
    expect(await client.ended).toBe('broken')
  })

  it('does not end the process if its new owner does not listen for errors', async () => {
    const server = await start(reqd => { reqd.takeOver(socket => { (socket as Socket).resume() }) })
    const client = await connect(server)
    const upgraded = next(server.events$.pipe(filter(({ type }) => type === 'upgrade')))
    const closed = next(server.events$.pipe(filter(({ type }) => type === 'close')))
    client.send(UPGRADE)
    await upgraded
    client.reset()
    await closed
  })

  it('can be a tunnel', async () => {
    const server = await start(handler)
    const client = await connect(server)
    client.send('CONNECT b:443 HTTP/1.1\r\nHost: b:443\r\n\r\nfirst')
    expect(await client.receives('first')).toMatch(/^HTTP\/1.1 200 OK\r\n/)
  })
})
