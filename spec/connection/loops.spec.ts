/**
 * The two loops: partial writes, yields and wakeups, and the output of a response that is cut.
 */
import { describe, expect, it } from '@jest/globals'
import {
  Runtime, echoTarget, get, head, ok, responding, response, streaming, textOf, thrownBy,
} from '../helpers/runtime.js'

const CHUNKED = response('200 OK', ['Transfer-Encoding: chunked'])

describe('partial writes', () => {
  it('continue where they stopped, byte by byte', () => {
    const runtime = new Runtime(echoTarget)
    runtime.readString(get('/a') + get('/b'))
    const expected = ok('/a') + ok('/b')
    for (const byte of expected) runtime.writePartially(byte)
    runtime.writerYieldsNow()
  })

  it('may write nothing', () => {
    const runtime = new Runtime(echoTarget)
    runtime.readString(get('/a'))
    runtime.writePartially('')
    runtime.writeResponse(ok('/a'))
  })

  it('do not have their bytes changed while more is queued', () => {
    const [runtime, body] = streaming()
    body.writeString('one')
    const operation = runtime.connection.nextWriteOperation()
    body.writeString('two')
    expect(operation.type === 'write' && textOf(operation.iovecs)).toBe(`${CHUNKED}3\r\none\r\n`)
    runtime.writePartially(`${CHUNKED}3\r\none\r\n`)
    runtime.writeResponse('3\r\ntwo\r\n')
  })
})

describe('yieldReader and yieldWriter', () => {
  it('call back once for each registration', () => {
    const [runtime, body] = streaming()
    let wakeups = 0
    const resume = (): void => { wakeups++ }
    runtime.connection.yieldWriter(resume)
    body.writeString('one')
    body.writeString('two')
    expect(wakeups).toBe(1)
    runtime.writeAll()
    runtime.connection.yieldWriter(resume)
    body.writeString('three')
    expect(wakeups).toBe(2)
  })

  it('call back at once if there is something to do', () => {
    const runtime = new Runtime(echoTarget)
    let wakeups = 0
    runtime.connection.yieldReader(() => { wakeups++ })
    expect(wakeups).toBe(1)
    runtime.readString(get('/'))
    runtime.connection.yieldWriter(() => { wakeups++ })
    expect(wakeups).toBe(2)
    runtime.connection.shutdown()
    runtime.connection.yieldReader(() => { wakeups++ })
    runtime.connection.yieldWriter(() => { wakeups++ })
    expect(wakeups).toBe(4)
  })

  it('refuse a second callback', () => {
    const [runtime] = streaming()
    runtime.readerYielded()
    runtime.writerYielded()
    const resume = (): void => {}
    expect(thrownBy(() => { runtime.connection.yieldReader(resume) })).toMatchObject({ code: 'alreadyYielded' })
    expect(thrownBy(() => { runtime.connection.yieldWriter(resume) })).toMatchObject({ code: 'alreadyYielded' })
  })

  it('keep a reader waiting that offers the end of the input, until it can be processed', () => {
    const runtime = new Runtime()
    const rest = get('/2')
    expect(runtime.offer(get('/1') + rest)).toBe(get('/1').length)
    runtime.readerYielded()
    expect(runtime.readEof(rest)).toBe(0)
    runtime.readerAsleep()
    echoTarget(runtime.reqd)
    runtime.readerWoken()
    expect(runtime.readEof(rest)).toBe(rest.length)
    echoTarget(runtime.reqd)
    runtime.writeAll()
    runtime.connectionIsShutdown()
  })

  it('call a waiting reader after a read, not within it, where it would offer the same bytes again', () => {
    const runtime = new Runtime(echoTarget, { config: { writeBufferSize: 10 } })
    runtime.readString(get('/1'))
    let isWithinRead = false
    let wasWithinRead: boolean | null = null
    runtime.connection.yieldReader(() => { wasWithinRead = isWithinRead })
    isWithinRead = true
    runtime.readEof()
    isWithinRead = false
    expect(wasWithinRead).toBeNull()
    runtime.readerClosed()
    expect(wasWithinRead).toBe(false)
  })
})

describe('a cut', () => {
  it('of a chunked body lets queued chunks be written, and omits the last chunk', () => {
    const [runtime, body] = streaming()
    body.writeString('one')
    runtime.reqd.reportExn(new Error('late'))
    body.writeString('two')
    body.close()
    runtime.writeResponse(`${CHUNKED}3\r\none\r\n`)
    runtime.connectionIsShutdown()
  })

  it('of a close-delimited body that was written in part requires a reset, and stops the output', () => {
    const runtime = new Runtime()
    runtime.readString(head('GET / HTTP/1.0'))
    const body = runtime.reqd.respondWithStreaming(responding(200))
    const calls: string[] = []
    body.writeString('one')
    runtime.writePartially('HTTP')
    const queued = runtime.pendingText.length
    body.flush(result => {
      calls.push(result)
      body.writeString('two')
      body.close()
    })
    runtime.reqd.reportExn(new Error('late'))
    expect(calls).toEqual(['closed'])
    expect(runtime.connection.errorCode).toEqual(new Error('late'))
    runtime.connectionIsShutdown(queued, true)
  })

  it('of a close-delimited body of which nothing was written drops it without a reset', () => {
    const runtime = new Runtime()
    runtime.readString(head('GET / HTTP/1.0'))
    runtime.reqd.respondWithStreaming(responding(200)).writeString('one')
    const queued = runtime.pendingText.length
    runtime.reqd.reportExn(new Error('late'))
    runtime.connectionIsShutdown(queued)
  })

  it('counts the bytes of a write in flight as delivered', () => {
    const runtime = new Runtime()
    runtime.readString(head('GET / HTTP/1.0'))
    const body = runtime.reqd.respondWithStreaming(responding(200))
    body.writeString('one')
    const queued = runtime.pendingText.length
    runtime.connection.shutdown()
    runtime.writerClosed(queued)
    runtime.connection.reportWriteResult({ type: 'ok', count: queued - 1 })
    runtime.connectionIsShutdown(1, true)
    for (const count of [2, -1, 0.5, NaN]) {
      expect(thrownBy(() => { runtime.connection.reportWriteResult({ type: 'ok', count }) }))
        .toMatchObject({ code: 'badRange' })
    }
  })

  it('of a close-delimited body whose head was not queued requires no reset', () => {
    const runtime = new Runtime()
    runtime.readString(head('GET / HTTP/1.0'))
    runtime.reqd.respondWithStreaming(responding(200))
    runtime.connection.shutdown()
    runtime.connectionIsShutdown()
  })

  it('delivers the complete responses before it', () => {
    const runtime = new Runtime(reqd => { if (reqd.request.target !== '/3') echoTarget(reqd) })
    runtime.readString(get('/1') + get('/2') + get('/3'))
    runtime.reqd.respondWithStreaming(responding(200)).writeString('x')
    runtime.connection.reportExn(new Error('late'))
    runtime.writeResponse(`${ok('/1')}${ok('/2')}${CHUNKED}1\r\nx\r\n`)
    runtime.connectionIsShutdown()
  })
})
