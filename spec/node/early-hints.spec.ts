/**
 * Informational responses, reason phrases and the Keep-Alive hint on real sockets, and the properties of a request's
 * connection.
 */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { request, type InformationEvent } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import type { Handler } from '../../lib/reactive/streamed-reqd.js'
import { ask, connect, portOf, signal, start } from '../helpers/net.js'
import { startTls, tlsClient } from '../helpers/tls.js'

const GET = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
const LINK = '</style.css>; rel=preload; as=style'

describe('103 Early Hints (RFC 8297)', () => {
  const hinting: Handler = reqd => {
    reqd.inform(103, { Link: [LINK, '</app.js>; rel=preload'] })
    return { body: 'page' }
  }

  it('arrive before the response, as node:http sees them', async () => {
    const server = await start(hinting)
    const infos: InformationEvent[] = []
    const sent = request({ port: portOf(server), host: '127.0.0.1' })
    sent.on('information', info => { infos.push(info) }).end()
    const [response] = await once(sent, 'response') as [{ statusCode: number; resume(): void }]
    response.resume()
    expect(response.statusCode).toBe(200)
    expect(infos).toMatchObject([{ statusCode: 103, statusMessage: 'Early Hints' }])
    expect(infos[0].rawHeaders).toEqual(['Link', LINK, 'Link', '</app.js>; rel=preload'])
  })

  it('are on the wire before the handler has its response', async () => {
    const { promise, resolve } = signal()
    const server = await start(async reqd => {
      reqd.inform(103, { Link: LINK })
      await promise
      return { body: 'page' }
    })
    const client = await connect(server)
    client.send(GET)
    expect(await client.receives('\r\n\r\n')).toBe(`HTTP/1.1 103 Early Hints\r\nLink: ${LINK}\r\n\r\n`)
    resolve()
    expect(await client.all()).toMatch(/HTTP\/1\.1 200 OK\r\n[^]*page$/)
  })

  it('are sent over TLS as well, as often as the handler calls', async () => {
    const client = await tlsClient(await startTls(reqd => {
      for (const status of [102, 103, 199]) expect(reqd.inform(status)).toBe(true)
      return { status: 204 }
    }))
    expect((await client.send(GET).all()).match(/HTTP\/1\.1 \d+/g))
      .toEqual([102, 103, 199, 204].map(status => `HTTP/1.1 ${status}`))
  })

  it('are not sent to HTTP/1.0 (RFC 9110 §15.2)', async () => {
    const sent: boolean[] = []
    const client = await connect(await start(reqd => {
      sent.push(reqd.inform(103, { Link: LINK }))
      return { body: 'page' }
    }))
    expect(await client.send('GET / HTTP/1.0\r\n\r\n').all()).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    expect(sent).toEqual([false])
  })

  it('are refused after the response has begun, with another status, and with an invalid field', async () => {
    const codes: unknown[] = []
    const code = (inform: () => unknown): void => {
      try {
        inform()
      } catch (error) {
        codes.push((error as { code: string }).code)
      }
    }
    const client = await connect(await start(reqd => {
      code(() => reqd.inform(200))
      code(() => reqd.inform(101, { Upgrade: 'x' }))
      code(() => reqd.inform(103, { Link: 'a\r\n\r\nHTTP/1.1 200 OK' }))
      reqd.respond({ body: 'page' })
      code(() => reqd.inform(103))
    }))
    expect(await client.send(GET).all()).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    expect(codes).toEqual(['badStatus', 'badStatus', 'badField', 'alreadyResponded'])
  })

  it('are dropped if the client has left', async () => {
    const arrived = signal()
    const sent: boolean[] = []
    const over = signal()
    const server = await start(reqd => {
      reqd.signal.addEventListener('abort', () => {
        sent.push(reqd.inform(103))
        over.resolve()
      })
      arrived.resolve()
    })
    const client = await connect(server)
    client.send(GET)
    await arrived.promise
    client.reset()
    await over.promise
    expect(sent).toEqual([false])
  })

  it('are not sent twice if they are 100 Continue', async () => {
    const client = await connect(await start(async reqd => {
      reqd.inform(100)
      return { body: await reqd.body.text() }
    }))
    client.send('POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n')
    await client.receives('100 Continue\r\n\r\n')
    expect((await client.send('text').all()).match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 100', 'HTTP/1.1 200'])
  })
})

describe('a reason phrase', () => {
  it('is that of the reply if it has one, and may be empty', async () => {
    const server = await start(({ target }) => ({ status: 404, reason: target === '/none' ? '' : 'No Such Page' }))
    expect(await (await connect(server)).send(GET).all()).toMatch(/^HTTP\/1\.1 404 No Such Page\r\n/)
    expect(await (await connect(server)).send(GET.replace('/', '/none')).all()).toMatch(/^HTTP\/1\.1 404 \r\n/)
  })

  it('is answered with 500 if it contains a line end', async () => {
    const server = await start(() => ({ reason: 'OK\r\nSet-Cookie: a=b' }))
    expect(await (await connect(server)).send(GET).all()).toMatch(/^HTTP\/1\.1 500 /)
    expect(server.errors).toMatchObject([{ code: 'badStatus' }])
  })
})

describe('Keep-Alive', () => {
  const hintOf = async (options: object): Promise<unknown> => {
    const server = await start(() => ({ body: 'it' }), options)
    return (await ask(server, { headers: { Connection: 'keep-alive' } })).headers['keep-alive']
  }

  it('announces the idle timeout if it is enabled and there is a limit', async () => {
    expect(await hintOf({})).toBeUndefined()
    expect(await hintOf({ keepAliveHint: true })).toBe('timeout=65')
    expect(await hintOf({ keepAliveHint: true, keepAliveTimeout: 7999 })).toBe('timeout=7')
    expect(await hintOf({ keepAliveHint: true, keepAliveTimeout: 0 })).toBeUndefined()
  })
})

describe('a request', () => {
  const tell: Handler = ({ connection, remoteAddress, remotePort, localAddress, localPort }) =>
    ({ body: JSON.stringify([connection, remoteAddress, remotePort, localAddress, localPort]) })

  it('has the number of its connection and both addresses', async () => {
    const server = await start(tell)
    const first = await connect(server)
    const second = await connect(server)
    const clients = [first, second]
    for (const [index, client] of clients.entries()) {
      const text = await client.send(GET).all()
      expect(JSON.parse(text.slice(text.indexOf('['))))
        .toEqual([index + 1, '127.0.0.1', client.socket.localPort, '127.0.0.1', portOf(server)])
    }
  })

  it('has them over TLS as well', async () => {
    const server = await startTls(tell)
    const client = await tlsClient(server)
    const { localPort } = client.socket
    const text = await client.send(GET).all()
    expect(JSON.parse(text.slice(text.indexOf('[')))).toEqual([1, '127.0.0.1', localPort, '127.0.0.1', portOf(server)])
  })

  it('has no addresses on a Unix socket', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'httprx-'))
    const client = await connect(await start(tell, { path: join(folder, 'socket') }))
    const text = await client.send(GET).all()
    expect(JSON.parse(text.slice(text.indexOf('[')))).toEqual([1, '', null, '', null])
    rmSync(folder, { recursive: true })
  })
})

describe('an upload', () => {
  const HALF = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf'
  const options = { readTimeout: 100, connectionsCheckingInterval: 20, requestTimeout: 0 }

  it('that makes no progress is answered with 408, and the event names the limit', async () => {
    const server = await start(async ({ body }) => ({ body: String((await body.bytes()).length) }), options)
    const limits: string[] = []
    server.events$.subscribe(event => { if (event.type === 'timeout') limits.push(event.limit) })
    expect(await (await connect(server)).send(HALF).all()).toMatch(/^HTTP\/1\.1 408 /)
    expect(limits[0]).toBe('readTimeout')
  })

  it('of an answered request that makes no progress closes the connection after the response', async () => {
    const server = await start(() => ({ status: 202 }), options)
    expect(await (await connect(server)).send(HALF).all()).toMatch(/^HTTP\/1\.1 202 /)
  })
})
