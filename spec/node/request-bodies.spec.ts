/**
 * Every way to read a request body, with a real client.
 */
import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { concatMap, EMPTY, endWith, map, of, reduce, Subject, take, takeUntil } from 'rxjs'
import { Response } from '../../lib/message/response.js'
import { ReusedBuffer } from '../../lib/node/reused-buffer.js'
import type { Handler } from '../../lib/reactive/streamed-reqd.js'
import { ask, connect, next, portOf, signal, start } from '../helpers/net.js'

const UPLOAD = Buffer.from(Array.from({ length: 200_000 }, (_, index) => String.fromCharCode(32 + index % 90)).join(''))
const TEXT = UPLOAD.toString('latin1')

const READERS: Record<string, Handler> = {
  'bytes$': ({ body }) => body.bytes$.pipe(
    reduce((all, chunk) => all + Buffer.from(chunk).toString('latin1'), ''), map(text => ({ body: text }))),
  'concatMap': ({ body }) => ({
    body: body.concatMap(chunk => of(chunk)).pipe(concatMap(chunk => of(chunk))),
    overflow: { bufferBytes: UPLOAD.length },
  }),
  'iteration': ({ body }) => ({ body }),
  'bytes()': async ({ body }) => ({ body: await body.bytes() }),
  'text()': ({ body }) => body.text().pipe(map(text => ({ body: text }))),
  'a Node stream made of it': async ({ body }) => ({ body: await buffer(Readable.from(body, { objectMode: false })) }),
  'the core\'s reader': reqd => {
    const subject = reqd.respondWithStreaming(Response.create(200, { headers: reqd.headers.remove('content-length')
      .remove('transfer-encoding').remove('connection') }))
    const read = (): void => {
      reqd.requestBody.scheduleRead({
        onRead: bytes => {
          subject.next(bytes)
          read()
        },
        onEof: () => { subject.complete() },
      })
    }
    read()
  },
}

describe.each([['into the shared buffer', false], ['into fresh memory', true]])('a socket read %s', (_, isPlain) => {
  beforeEach(() => {
    if (isPlain) jest.spyOn(ReusedBuffer, 'attach').mockReturnValue(null)
  })
  afterEach(() => { jest.restoreAllMocks() })

  describe.each(Object.entries(READERS))('gives a body by %s', (_name, handler) => {
    it('with Content-Length', async () => {
      const server = await start(handler)
      const { status, body } = await ask(server, { method: 'POST', body: UPLOAD })
      expect(status).toBe(200)
      expect(body === TEXT).toBe(true)
      expect(server.errors).toEqual([])
    })

    it('with the chunked coding', async () => {
      const server = await start(handler)
      const sent = httpRequest({ port: portOf(server), method: 'POST', agent: false })
      for (let at = 0; at < UPLOAD.length; at += 7000) sent.write(UPLOAD.subarray(at, at + 7000))
      sent.end()
      const [response] = await once(sent, 'response') as [Readable]
      expect((await buffer(response)).equals(UPLOAD)).toBe(true)
    })

    it('if it is empty', async () => {
      const server = await start(handler)
      expect(await ask(server, { method: 'POST' })).toMatchObject({ status: 200, body: '' })
      expect(await ask(server)).toMatchObject({ status: 200, body: '' })
    })

    it('repeatedly on one connection', async () => {
      const server = await start(handler)
      const client = await connect(server)
      for (const text of ['first', 'the second', '3']) {
        client.received = ''
        client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${text.length}\r\n\r\n`)
        client.send(text)
        await client.receives(text)
      }
    })
  })

  it('does not change the chunks that were handed out', async () => {
    const held: Uint8Array[] = []
    const server = await start(async ({ body }) => {
      for await (const chunk of body) held.push(chunk)
      return {}
    })
    const client = await connect(server)
    for (let i = 0; i < 20; i++) {
      client.received = ''
      client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 50000\r\n\r\n`)
      client.send(Buffer.alloc(50_000, 97 + i))
      await client.receives('\r\n\r\n')
    }
    const all = Buffer.concat(held)
    const expected = Buffer.concat(Array.from({ length: 20 }, (_value, i) => Buffer.alloc(50_000, 97 + i)))
    expect(all.equals(expected)).toBe(true)
  })
})

describe('a body that is too large', () => {
  it.each([
    ['with Content-Length', 'Content-Length: 2000000', ''],
    ['in chunks', 'Transfer-Encoding: chunked', '186A0\r\n'],
  ])('is answered with 413, without a reset, to a client that continues to send %s', async (_, field, prefix) => {
    const server = await start(async ({ body }) => ({ body: await body.text(1000) }))
    const client = await connect(server)
    client.send(`POST / HTTP/1.1\r\nHost: a\r\n${field}\r\n\r\n${prefix}`)
    for (let i = 0; i < 19; i++) client.send(Buffer.alloc(100_000, 'x'))
    const received = await client.all()
    expect(received).toContain('HTTP/1.1 413 Content Too Large')
    expect(received).toContain('Connection: close')
    expect(received).toMatch(/Content Too Large\n$/)
    expect(server.errors).toMatchObject([{ code: 'contentTooLarge' }])
  })

  it('may have a list of equal lengths', async () => {
    const server = await start(async ({ body }) => ({ body: await body.text() }))
    const client = await connect(server)
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10, 10\r\nExpect: 100-continue\r\n\r\n')
    await client.receives('100 Continue')
    client.send('12345')
    client.send('67890')
    expect(await client.receives('1234567890')).toContain('200 OK')
  })

  it('is answered with 400 if it is not JSON', async () => {
    const server = await start(async ({ body }) => ({ body: String(await body.json()) }))
    expect(await ask(server, { method: 'POST', body: '{' })).toMatchObject({ status: 400 })
    expect(await ask(server, { method: 'POST', body: '[1,2]' })).toMatchObject({ status: 200, body: '1,2' })
  })
})

describe('a body whose consumer ends early', () => {
  const EARLY: Record<string, Handler> = {
    'a loop that is left': async ({ body }) => {
      for await (const chunk of body) return { body: chunk.subarray(0, 3) }
      return {}
    },
    'an unsubscription': ({ body }) => body.bytes$.pipe(take(1), map(chunk => ({ body: chunk.subarray(0, 3) }))),
    'a projection that is unsubscribed': ({ body }) => body.concatMap(chunk => [chunk, chunk])
      .pipe(take(1), map(chunk => ({ body: chunk.subarray(0, 3) }))),
    'nobody': () => ({ body: 'abc' }),
    'a reader that is closed': reqd => {
      reqd.requestBody.close()
      return { body: 'abc' }
    },
  }

  it.each(Object.entries(EARLY))('is drained, and the connection stays open: %s', async (_, handler) => {
    const server = await start(reqd => reqd.method === 'GET' ? { body: 'next' } : handler(reqd))
    const client = await connect(server)
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 40000\r\n\r\nabc')
    await client.receives('abc')
    expect(client.received).not.toContain('Connection: close')
    client.send('x'.repeat(39_997)).send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    expect(await client.receives('next')).toMatch(/abcHTTP\/1.1 200 OK/)
  })

  it.each(Object.entries(EARLY))('closes the connection if too much is left: %s', async (_, handler) => {
    const server = await start(handler)
    const client = await connect(server)
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\nabc')
    expect(await client.all()).toMatch(/\r\n\r\nabc$/)
  })
})

describe('a body', () => {
  it('has trailers once it is complete', async () => {
    const server = await start(async ({ body }) => {
      const before = body.trailers
      await body.bytes()
      return { body: `${String(before)} ${String(body.trailers?.get('x-sum'))}` }
    })
    const client = await connect(server)
    client.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 42\r\n\r\n')
    await client.receives('null 42')
  })

  it('is not received from the client if it is not read', async () => {
    const reading = new Subject<void>()
    const begun = signal()
    const server = await start(({ body }) => {
      begun.resolve()
      const read$ = reading.pipe(take(1), concatMap(() => body.bytes$))
      return read$.pipe(reduce(count => count + 1, 0), map(() => ({ body: 'all' })))
    })
    const paused = next(server.events$.pipe(concatMap(({ type }) => type === 'pause' ? of(type) : EMPTY)))
    const client = await connect(server)
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20000000\r\n\r\n')
    client.send(Buffer.alloc(20_000_000))
    await begun.promise
    await paused
    expect(client.socket.writableLength).toBeGreaterThan(0)
    reading.next()
    await client.receives('all')
    expect(client.socket.writableLength).toBe(0)
  })

  it('fails for its consumer if the client leaves within it', async () => {
    const failed = signal<unknown>()
    const begun = signal()
    const server = await start(async ({ body }) => {
      begun.resolve()
      await body.bytes().then(undefined, failed.resolve)
      return {}
    })
    const client = await connect(server)
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n123')
    await begun.promise
    client.reset()
    expect(await failed.promise).toMatchObject({ name: 'ConnectionClosedError', code: 'ECONNRESET' })
  })

  it('is answered with 400 if it ends before its Content-Length, with allowHalfOpen', async () => {
    const server = await start(async ({ body }) => ({ body: await body.bytes() }), { allowHalfOpen: true })
    const client = await connect(server)
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n123').end()
    expect(await client.all()).toContain('400 Bad Request')
    expect(server.errors).toMatchObject([{ code: 'unexpectedEof' }])
  })

  it('arrives whole if it is awaited after the response, and the connection stays open', async () => {
    const texts: string[] = []
    const server = await start(async reqd => {
      reqd.respond({ body: reqd.target })
      texts.push(await reqd.body.text())
    })
    const client = await connect(server)
    await client.send('POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel').receives('/1')
    await client.send('loPOST /2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n').receives('/2')
    await client.send('2\r\nok\r\n0\r\n\r\nGET /3 HTTP/1.1\r\nHost: a\r\n\r\n').receives('/3')
    expect(texts.slice(0, 2)).toEqual(['hello', 'ok'])
  })

  it('has one consumer', async () => {
    const server = await start(async ({ body }) => {
      await body.bytes()
      return { body: await body.text().then(() => 'read again', (error: unknown) => (error as { code: string }).code) }
    })
    expect(await ask(server, { method: 'POST', body: 'x' })).toMatchObject({ body: 'alreadyScheduled' })
  })

  it('can be read while its response is written', async () => {
    const server = await start(({ body }) => ({ body: body.concatMap(chunk => of(chunk)).pipe(endWith('.')) }))
    const client = await connect(server)
    client.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n')
    await client.receives('abc')
    client.send('3\r\ndef\r\n')
    await client.receives('def')
    client.send('0\r\n\r\n')
    await client.receives('.\r\n0\r\n\r\n')
  })

  it('is read as fast as the response is taken, if it is the response', async () => {
    const server = await start(({ body }) => ({ body }))
    const client = await connect(server)
    client.socket.pause()
    client.send('POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 20000000\r\n\r\n')
    const paused = next(server.events$.pipe(concatMap(({ type }) => type === 'pause' ? of(type) : EMPTY)))
    client.send(Buffer.alloc(20_000_000, 'x'))
    await paused
    expect(client.socket.writableLength).toBeGreaterThan(0)
    client.socket.resume()
    const received = await client.all()
    expect(received.match(/x+/g)?.reduce((sum, { length }) => sum + length, 0)).toBeGreaterThanOrEqual(20_000_000)
    expect(received).toMatch(/x\r\n0\r\n\r\n$/)
  })

  it('fails with the response, if it is the response', async () => {
    const server = await start(({ body }) => ({ body }))
    const client = await connect(server)
    client.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n')
    await client.receives('abc')
    client.send('bad\r')
    client.send('x')
    await client.ended
    expect(client.received).toMatch(/3\r\nabc\r\n$/)
    expect(server.errors).toMatchObject([{ code: 'badChunk' }])
  })

  it('is detached from a response that ends first', async () => {
    const enough = new Subject<void>()
    const server = await start(({ body }) => ({ body: body.bytes$.pipe(takeUntil(enough)) }))
    const client = await connect(server)
    client.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n')
    await client.receives('abc')
    enough.next()
    await client.receives('0\r\n\r\n')
    client.send('0\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    expect(await client.all()).toMatch(/0\r\n\r\nHTTP\/1.1 200 OK/)
  })
})
