/**
 * Output that a writer announces, and makes when it is taken.
 */
import { describe, expect, it } from '@jest/globals'
import type { BodyWriter } from '../../lib/connection/body-writer.js'
import type { LateOutput } from '../../lib/connection/output-queue.js'
import { Runtime, get, head, responding, response } from '../helpers/runtime.js'

const CHUNKED = response('200 OK', ['Transfer-Encoding: chunked'])
const LATE = '4\r\nlate\r\n'

/** Four bytes for a body. */
class Late implements LateOutput {
  readonly size = 4
  private readonly body: BodyWriter

  constructor(body: BodyWriter) {
    this.body = body
  }

  writeNow(): void {
    this.body.writeString('late')
  }
}

/** A connection whose streamed response has begun. */
function begun(request = get('/'), ...fields: [string, string][]): [Runtime, BodyWriter] {
  const runtime = new Runtime()
  runtime.readString(request)
  const body = runtime.reqd.respondWithStreaming(responding(200, ...fields), { flushHeadersImmediately: true })
  runtime.writeAll()
  return [runtime, body]
}

describe('late output', () => {
  it('wakes the writer, and is made when it is taken', () => {
    const [runtime, body] = begun()
    runtime.writerYielded()
    body.writeLate(new Late(body))
    runtime.writerWoken()
    runtime.writeResponse(LATE)
    runtime.writerYielded()
  })

  it('is pending before it is made', () => {
    const [{ connection }, body] = begun()
    expect(connection.hasPendingOutput).toBe(false)
    body.writeLate(new Late(body))
    expect(connection.hasPendingOutput).toBe(true)
    expect(connection.pendingBytes).toBe(4)
    expect(body.pendingBytes).toBe(4)
    expect(connection.nextWriteText()).toBe(LATE)
    expect(connection.pendingBytes).toBe(LATE.length)
  })

  it.each<[string, (body: BodyWriter) => void, string]>([
    ['more of the body', body => { body.writeString('b') }, '1\r\nb\r\n'],
    ['bytes of the body', body => { body.writeBytes(Uint8Array.of(0x62)) }, '1\r\nb\r\n'],
    ['the end of the body', body => { body.close() }, '0\r\n\r\n'],
    ['another announcement', body => { body.writeLate(new Late(body)) }, LATE],
  ])('is sent before %s', (_, write, text) => {
    const [runtime, body] = begun()
    body.writeLate(new Late(body))
    write(body)
    runtime.writeResponse(LATE + text)
  })

  it('is waited for by a flush', () => {
    const [runtime, body] = begun()
    const results: string[] = []
    body.writeLate(new Late(body))
    body.flush(result => { results.push(result) })
    expect(results).toEqual([])
    runtime.writeResponse(LATE)
    expect(results).toEqual(['written'])
  })

  it.each<[string, (runtime: Runtime) => void]>([
    ['fails', runtime => { runtime.reqd.reportExn(new Error('failed')) }],
    ['is shut down', runtime => { runtime.connection.shutdown() }],
  ])('is sent if the connection %s in the same turn', (_, end) => {
    const [runtime, body] = begun()
    body.writeLate(new Late(body))
    end(runtime)
    runtime.writeResponse(LATE)
    runtime.writerClosed()
  })

  it('counts as undelivered if the peer is gone', () => {
    const [runtime, body] = begun()
    body.writeLate(new Late(body))
    runtime.writeFails()
    runtime.writerClosed(LATE.length)
  })

  it.each<[string, string, [string, string][], boolean]>([
    ['in chunks', get('/'), [], true],
    ['that ends with the connection', head('GET / HTTP/1.0'), [], true],
    ['with Content-Length', get('/'), [['content-length', '9']], false],
    ['that is not sent', head('HEAD / HTTP/1.1'), [], false],
  ])('is possible or not in a body %s', (_, request, fields, isPossible) => {
    const [, body] = begun(request, ...fields)
    expect(body.mayWriteLate).toBe(isPossible)
  })

  it('is not possible before the head or after the end', () => {
    const runtime = new Runtime()
    runtime.readString(get('/'))
    const body = runtime.reqd.respondWithStreaming(responding(200))
    expect(body.mayWriteLate).toBe(false)
    body.writeString('a')
    expect(body.mayWriteLate).toBe(true)
    body.close()
    expect(body.mayWriteLate).toBe(false)
    runtime.writeResponse(`${CHUNKED}1\r\na\r\n0\r\n\r\n`)
  })
})
