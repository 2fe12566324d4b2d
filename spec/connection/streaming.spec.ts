/**
 * Streamed responses, their flush callbacks, and `whenDrained`, by which a writer learns when to continue.
 */
import { describe, expect, it } from '@jest/globals'
import { Headers } from '../../lib/message/headers.js'
import { Runtime, echoTarget, get, ok, post, responding, response, streaming } from '../helpers/runtime.js'

const CHUNKED = response('200 OK', ['Transfer-Encoding: chunked'])

describe('a streamed response', () => {
  it('is chunked, and its head is sent with the first bytes', () => {
    const [runtime, body] = streaming()
    runtime.writerYielded()
    body.writeString('hello')
    runtime.writerWoken()
    runtime.writeResponse(`${CHUNKED}5\r\nhello\r\n`)
    runtime.writerYielded()
    body.writeBytes(Uint8Array.of(0x61, 0x62, 0x63), 1, 2)
    runtime.writerWoken()
    runtime.writeResponse('2\r\nbc\r\n')
    runtime.writerYielded()
    body.close()
    runtime.writerWoken()
    runtime.writeResponse('0\r\n\r\n')
    runtime.connectionIsIdle()
  })

  it('sends its head at once with flushHeadersImmediately', () => {
    const [runtime, body] = streaming({ flushHeadersImmediately: true })
    runtime.writeResponse(CHUNKED)
    runtime.writerYielded()
    body.close()
    runtime.writeResponse('0\r\n\r\n')
    runtime.connectionIsIdle()
  })

  it('sends its head with its end if it is empty', () => {
    const [runtime, body] = streaming()
    body.writeString('')
    body.writeBytes(new Uint8Array(0))
    body.scheduleBytes(new Uint8Array(0))
    runtime.writerYieldsNow()
    body.close()
    runtime.writeResponse(`${CHUNKED}0\r\n\r\n`)
  })

  it('writes text in UTF-8', () => {
    const [runtime, body] = streaming()
    body.writeString('ä€')
    runtime.writeResponse(`${CHUNKED}5\r\n${Buffer.from('ä€').toString('latin1')}\r\n`)
  })

  it('does not copy scheduled bytes', () => {
    const [runtime, body] = streaming()
    const bytes = Uint8Array.of(0x61, 0x62, 0x63)
    body.scheduleBytes(bytes, 0, 2)
    const operation = runtime.connection.nextWriteOperation()
    expect(operation.type === 'write' && operation.iovecs[1]).toEqual({ buffer: bytes, off: 0, len: 2 })
    runtime.writeResponse(`${CHUNKED}2\r\nab\r\n`)
  })

  it('may end with trailers', () => {
    const [runtime, body] = streaming()
    body.close(Headers.of({ Checksum: 'abc' }))
    runtime.writeResponse(`${CHUNKED}0\r\nChecksum: abc\r\n\r\n`)
    runtime.connectionIsIdle()
  })

  it('drops trailers if it is not chunked', () => {
    const [runtime, body] = streaming(undefined, ['Content-Length', '1'])
    body.writeString('x')
    body.close(Headers.of({ Checksum: 'abc' }))
    runtime.writeResponse(ok('x'))
  })

  it('is not chunked if the handler gives a Content-Length', () => {
    const [runtime, body] = streaming(undefined, ['Content-Length', '5'])
    body.writeString('he')
    body.writeString('llo')
    body.close()
    body.close()
    expect(body.isClosed).toBe(true)
    runtime.writeResponse(ok('hello'))
    runtime.connectionIsIdle()
  })

  it('can echo the request body as it arrives', () => {
    const runtime = new Runtime(reqd => {
      const body = reqd.respondWithStreaming(responding(200))
      const { requestBody } = reqd
      const readOn = (): void => {
        requestBody.scheduleRead({
          onRead: bytes => {
            body.scheduleBytes(bytes)
            readOn()
          },
          onEof: () => { body.close() },
        })
      }
      readOn()
    })
    runtime.readString(post('hello').slice(0, -2))
    runtime.writeResponse(`${CHUNKED}3\r\nhel\r\n`)
    runtime.readString('lo')
    runtime.writeResponse('2\r\nlo\r\n0\r\n\r\n')
    runtime.connectionIsIdle()
  })

  it('delays the next request until it is complete', () => {
    const runtime = new Runtime()
    const input = get('/1') + get('/2')
    expect(runtime.offer(input)).toBe(get('/1').length)
    const body = runtime.reqd.respondWithStreaming(responding(200))
    body.writeString('x')
    runtime.writeAll()
    runtime.readerYielded()
    body.close()
    runtime.readerWoken()
    runtime.readString(get('/2'))
    echoTarget(runtime.reqd)
    runtime.writeResponse(`0\r\n\r\n${ok('/2')}`)
  })

  it('reports the number of pending bytes', () => {
    const [runtime, body] = streaming()
    expect(body.pendingBytes).toBe(0)
    body.writeString('x')
    expect(body.pendingBytes).toBe(`${CHUNKED}1\r\nx\r\n`.length)
    runtime.writeAll()
    expect(body.pendingBytes).toBe(0)
  })
})

describe('a flush', () => {
  it('calls back when all bytes before it are written, in order', () => {
    const [runtime, body] = streaming()
    const calls: string[] = []
    body.writeString('one')
    body.flush(result => { calls.push(`one ${result}`) })
    body.flush(result => { calls.push(`again ${result}`) })
    body.writeString('two')
    body.flush(result => { calls.push(`two ${result}`) })
    runtime.writePartially(`${CHUNKED}3\r\non`)
    expect(calls).toEqual([])
    runtime.writePartially('e\r\n3')
    expect(calls).toEqual(['one written', 'again written'])
    runtime.writeAll()
    expect(calls).toEqual(['one written', 'again written', 'two written'])
    body.flush(result => { calls.push(`nothing ${result}`) })
    expect(calls).toContain('nothing written')
  })

  it('sends the head', () => {
    const [runtime, body] = streaming()
    const calls: string[] = []
    runtime.writerYielded()
    body.flush(result => { calls.push(result) })
    runtime.writerWoken()
    runtime.writeResponse(CHUNKED)
    expect(calls).toEqual(['written'])
  })

  it('reports closed when the peer accepts no more output, at once from then on', () => {
    const [runtime, body] = streaming()
    const calls: string[] = []
    body.writeString('x')
    body.flush(result => { calls.push(result) })
    runtime.writeFails()
    expect(calls).toEqual(['closed'])
    body.flush(result => { calls.push(result) })
    expect(calls).toEqual(['closed', 'closed'])
    expect(body.isClosed).toBe(true)
    runtime.connectionIsShutdown(`${CHUNKED}1\r\nx\r\n`.length)
  })

  it('calls back for a body that is closed, too', () => {
    const [runtime, body] = streaming()
    const calls: string[] = []
    body.close()
    body.flush(result => { calls.push(result) })
    runtime.writeAll()
    expect(calls).toEqual(['written'])
  })

  it('may write and close in its callback', () => {
    const [runtime, body] = streaming()
    body.writeString('one')
    body.flush(() => {
      body.writeString('two')
      body.flush(() => { body.close() })
    })
    runtime.writeResponse(`${CHUNKED}3\r\none\r\n`)
    runtime.writeResponse('3\r\ntwo\r\n')
    runtime.writeResponse('0\r\n\r\n')
    runtime.connectionIsIdle()
  })
})

describe('whenDrained', () => {
  it('calls back once, when no more than the mark is pending', () => {
    const [runtime, body] = streaming()
    let calls = 0
    body.writeString('x'.repeat(100))
    body.whenDrained(10, () => { calls++ })
    runtime.writePartially(CHUNKED)
    expect(calls).toBe(0)
    const rest = runtime.pendingText
    runtime.writePartially(rest.slice(0, -10))
    expect(calls).toBe(1)
    runtime.writeAll()
    expect(calls).toBe(1)
  })

  it('calls back at once if no more than the mark is pending', () => {
    const [, body] = streaming()
    let calls = 0
    body.whenDrained(0, () => { calls++ })
    expect(calls).toBe(1)
  })

  it('replaces a callback by a later one', () => {
    const [runtime, body] = streaming()
    const calls: string[] = []
    body.writeString('x')
    body.whenDrained(0, () => { calls.push('first') })
    body.whenDrained(0, () => { calls.push('second') })
    runtime.writeAll()
    expect(calls).toEqual(['second'])
  })

  it('does not nest callbacks, however little each one writes', () => {
    const [runtime, body] = streaming()
    let depth = 0
    let deepest = 0
    const writeOn = (): void => {
      deepest = Math.max(deepest, ++depth)
      body.writeString('x')
      body.whenDrained(1_000_000, writeOn)
      depth--
    }
    body.whenDrained(1_000_000, writeOn)
    expect(deepest).toBe(1)
    expect(runtime.pendingText.length).toBeGreaterThan(1_000_000)
  })

  it('does not call back after the connection has ended', () => {
    const [runtime, body] = streaming()
    let calls = 0
    body.writeString('x')
    body.whenDrained(0, () => { calls++ })
    runtime.connection.shutdown()
    runtime.writeAll()
    body.whenDrained(100, () => { calls++ })
    expect(calls).toBe(0)
  })
})
