/**
 * The body of a request: how it is read, and what happens to an unread one.
 */
import { describe, expect, it } from '@jest/globals'
import type { Reqd } from '../../lib/connection/reqd.js'
import {
  Runtime, echoTarget, errorResponse, get, head, ok, post, postChunks, readBody, readOnce, responding,
} from '../helpers/runtime.js'

describe('the body of a request', () => {
  it('may have a Content-Length', () => {
    const logs: string[][] = []
    const runtime = new Runtime(reqd => {
      logs.push(readBody(reqd).events)
      echoTarget(reqd)
    })
    runtime.readString(post('hello'))
    expect(logs).toEqual([['hello', 'eof']])
    runtime.writeResponse(ok('/'))
    runtime.connectionIsIdle()
  })

  it('may be chunked, with extensions and trailers', () => {
    const runtime = new Runtime()
    runtime.readString(postChunks())
    const { events } = readBody(runtime.reqd)
    runtime.readString('5;a=b;c="d\\"e"\r\nhello\r\n')
    runtime.readString('1 \t; x\r\n \r\n0\r\nChecksum: abc\r\n\r\n')
    expect(events).toEqual(['hello', ' ', 'eof'])
    expect(runtime.reqd.requestBody.trailers?.toList()).toEqual([['Checksum', 'abc']])
    echoTarget(runtime.reqd)
    runtime.writeResponse(ok('/'))
    runtime.connectionIsIdle()
  })

  it('requests owned reads with Content-Length, and with 64 KiB left of a chunk', () => {
    const chunked = new Runtime()
    chunked.readString(postChunks())
    const flow = (runtime: Runtime): unknown => {
      readBody(runtime.reqd)
      return runtime.connection.wantedInput
    }
    // Before a chunk, within one that is long, at its last bytes, behind it.
    expect(flow(chunked)).toBe('lent')
    chunked.readString('20000\r\n')
    expect(chunked.connection.wantedInput).toBe('owned')
    chunked.readString('x'.repeat(0x10000))
    expect(chunked.connection.wantedInput).toBe('owned')
    chunked.readString('x')
    expect(chunked.connection.wantedInput).toBe('lent')
    chunked.readString('x'.repeat(0xffff))
    expect(chunked.connection.wantedInput).toBe('lent')
    chunked.readString('\r\n10000\r\n')
    expect(chunked.connection.wantedInput).toBe('owned')
    const fixed = new Runtime()
    fixed.offer(post('hello'))
    expect(flow(fixed)).toBe('owned')
  })

  it('is empty and complete if the head announces none', () => {
    const runtime = new Runtime()
    runtime.readString(get('/'))
    const { requestBody } = runtime.reqd
    expect(requestBody.isClosed).toBe(true)
    expect(readBody(runtime.reqd).events).toEqual(['eof'])
    requestBody.close()
    expect(readBody(runtime.reqd).events).toEqual(['eof'])
    expect(runtime.reqd.requestBody).toBe(requestBody)
  })

  it('makes the reader yield until a read is scheduled', () => {
    const runtime = new Runtime()
    expect(runtime.offer(post('hello'))).toBe(post('').length)
    runtime.readerYielded()
    expect(runtime.connection.isReceivingBody).toBe(true)
    const events: string[] = []
    readOnce(runtime.reqd, events)
    runtime.readerWoken()
    expect(runtime.offer('he')).toBe(2)
    runtime.readerYielded()
    readOnce(runtime.reqd, events)
    runtime.readerWoken()
    runtime.readString('llo')
    expect(events).toEqual(['he', 'llo'])
    readOnce(runtime.reqd, events)
    expect(events).toEqual(['he', 'llo', 'eof'])
    expect(runtime.connection.isReceivingBody).toBe(false)
  })

  it('reports how much is left: of its Content-Length, or of the current chunk', () => {
    const runtime = new Runtime()
    const left = (): number => runtime.connection.bodyLeft
    expect(left()).toBe(0)
    runtime.offer(post('hello'))
    expect(left()).toBe(5)
    readOnce(runtime.reqd, [])
    runtime.offer('he')
    expect(left()).toBe(3)
    readBody(runtime.reqd)
    runtime.readString('llo')
    echoTarget(runtime.reqd)
    expect(left()).toBe(0)
    runtime.readString(`${postChunks()}1f\r\n`)
    expect(left()).toBe(31)
  })

  it('calls onEof again for each further read after the end', () => {
    const runtime = new Runtime()
    const events: string[] = []
    runtime.readString(post('x').slice(0, -1))
    readOnce(runtime.reqd, events)
    runtime.readString('x')
    readOnce(runtime.reqd, events)
    readOnce(runtime.reqd, events)
    expect(events).toEqual(['x', 'eof', 'eof'])
  })

  it('is handed out as views of the input, which hasKeptInput reports', () => {
    const runtime = new Runtime()
    const input = Buffer.from(post('hello'), 'latin1')
    const views: Uint8Array[] = []
    const connection = runtime.connection
    const split = input.length - 5
    connection.read(input, 0, split)
    expect(connection.hasKeptInput).toBe(false)
    runtime.reqd.requestBody.scheduleRead({ onRead: bytes => { views.push(bytes) }, onEof: () => {} })
    connection.read(input, split, 5)
    expect(connection.hasKeptInput).toBe(true)
    expect(views[0].buffer).toBe(input.buffer)
    echoTarget(runtime.reqd)
    connection.read(input, 0, split)
    expect(connection.hasKeptInput).toBe(false)
  })

  it('is copied out of lent bytes', () => {
    const runtime = new Runtime()
    const input = Buffer.from(post('hello'), 'latin1')
    const views: Uint8Array[] = []
    runtime.connection.readLent(input, 0, input.length - 5)
    runtime.reqd.requestBody.scheduleRead({ onRead: bytes => { views.push(bytes) }, onEof: () => {} })
    runtime.connection.readLent(input, input.length - 5, 5)
    expect(runtime.connection.hasKeptInput).toBe(false)
    input.fill(0)
    expect(Buffer.from(views[0]).toString()).toBe('hello')
  })

  it('is merged if its chunks are small, up to 4 KiB per callback', () => {
    const runtime = new Runtime()
    runtime.readString(postChunks())
    const { events } = readBody(runtime.reqd)
    runtime.readString('1\r\na\r\n2\r\nbc\r\n'.repeat(2000) + '0\r\n\r\n')
    expect(events.slice(0, -1).join('')).toBe('abc'.repeat(2000))
    expect(events).toHaveLength(3)
    expect(events[0]).toHaveLength(4096)
  })

  it('has large chunks handed out separately', () => {
    const runtime = new Runtime()
    runtime.readString(postChunks())
    const { events } = readBody(runtime.reqd)
    const large = 'x'.repeat(600)
    runtime.readString(`1\r\na\r\n1\r\nb\r\n258\r\n${large}\r\n1\r\nc\r\n0\r\n\r\n`)
    expect(events).toEqual(['ab', large, 'c', 'eof'])
  })

  it('fails at a malformed chunk after all data before it is delivered', () => {
    const runtime = new Runtime()
    runtime.readString(postChunks())
    const { events } = readBody(runtime.reqd)
    runtime.readString('1\r\na\r\n1\r\nb\r\n5x\r\nabcde')
    expect(events).toEqual(['ab', 'failed: badChunk'])
    runtime.writeResponse(errorResponse('400 Bad Request'))
    runtime.connectionIsShutdown()
  })

  it('may be closed by the handler: its read is not called back, and the rest is dropped after the response', () => {
    const runtime = new Runtime()
    const events: string[] = []
    runtime.readString(post('hello').slice(0, -5))
    readOnce(runtime.reqd, events)
    runtime.reqd.requestBody.close()
    runtime.reqd.requestBody.close()
    expect(runtime.reqd.requestBody.isClosed).toBe(true)
    runtime.readerYielded()
    echoTarget(runtime.reqd)
    runtime.readerWoken()
    runtime.readString('hello' + get('/next'))
    expect(events).toEqual([])
    expect(runtime.reqds).toHaveLength(2)
    echoTarget(runtime.reqd)
    runtime.writeResponse(ok('/') + ok('/next'))
    runtime.connectionIsIdle()
  })

  it('may be closed by the handler in the onRead of its last bytes', () => {
    const runtime = new Runtime(reqd => {
      reqd.requestBody.scheduleRead({
        onRead: () => {
          echoTarget(reqd)
          reqd.requestBody.close()
        },
        onEof: () => {},
      })
    })
    runtime.readString(post('hello') + post('again'))
    runtime.writeResponse(ok('/') + ok('/'))
    runtime.connectionIsIdle()
  })
})

describe('a response before the body was read', () => {
  const answer = (reqd: Reqd): void => { reqd.respondWithString(responding(200), '') }

  it('lets an unread body be dropped up to drainLimit', () => {
    const runtime = new Runtime(answer)
    const body = 'x'.repeat(64 * 1024)
    runtime.readString(post(body).slice(0, -1000))
    runtime.readerReady()
    expect(runtime.connection.isReceivingBody).toBe(true)
    runtime.readString(body.slice(-1000) + get('/next'))
    runtime.writeResponse(ok('') + ok(''))
    runtime.connectionIsIdle()
  })

  it('has Connection: close if the body is longer than drainLimit', () => {
    const runtime = new Runtime(answer)
    runtime.readString(head('POST / HTTP/1.1', 'Content-Length: 65537'))
    runtime.writeResponse(ok('', 'Connection: close'))
    runtime.connectionIsShutdown()
  })

  it.each([[1], [1000], [100_000]])('closes if a chunked body exceeds drainLimit, in reads of %d bytes', size => {
    const runtime = new Runtime(answer)
    runtime.readString(postChunks())
    runtime.writeResponse(ok(''))
    const body = '400\r\n' + 'x'.repeat(1024) + '\r\n'
    const input = body.repeat(64) + '0\r\n\r\n' + get('/never')
    for (let off = 0; off < input.length; off += size) {
      const part = input.slice(off, off + size)
      runtime.connection.read(Buffer.from(part), 0, part.length)
    }
    expect(runtime.reqds).toHaveLength(1)
    runtime.connectionIsShutdown()
  })

  it('fails reads of a body that was dropped', () => {
    const runtime = new Runtime(answer)
    runtime.readString(post('hello').slice(0, -5))
    const first = runtime.reqd
    const events: string[] = []
    readOnce(first, events)
    runtime.readString('hello' + post('other').slice(0, -5))
    readOnce(first, events)
    expect(events).toEqual(['failed: bodyClosed', 'failed: bodyClosed'])
    expect(runtime.reqds).toHaveLength(2)
  })

  it('lets the handler read on', () => {
    const runtime = new Runtime()
    runtime.readString(post('hello').slice(0, -5))
    const { events } = readBody(runtime.reqd)
    runtime.reqd.respondWithString(responding(200), '')
    runtime.writeResponse(ok(''))
    runtime.readString('hel')
    expect(runtime.connection.isHandling).toBe(true)
    runtime.readString('lo')
    expect(events).toEqual(['hel', 'lo', 'eof'])
    runtime.connectionIsIdle()
  })

  it('lets the handler read on before the connection closes', () => {
    const runtime = new Runtime()
    runtime.readString(post('hello', 'Connection: close').slice(0, -5))
    const { events } = readBody(runtime.reqd)
    runtime.reqd.respondWithString(responding(200), '')
    runtime.writeResponse(ok('', 'Connection: close'))
    runtime.writerYieldsNow()
    runtime.readString('hello')
    expect(events).toEqual(['hello', 'eof'])
    runtime.connectionIsShutdown()
  })

  it('closes the connection if the handler closes a body that is too long to be dropped', () => {
    const runtime = new Runtime()
    runtime.readString(head('POST / HTTP/1.1', 'Content-Length: 100000'))
    const { events } = readBody(runtime.reqd)
    runtime.reqd.respondWithString(responding(200), '')
    runtime.writeResponse(ok(''))
    runtime.reqd.requestBody.close()
    expect(events).toEqual([])
    runtime.connectionIsShutdown()
  })
})
