/**
 * `Expect: 100-continue` (RFC 9110 §10.1.1): 100 Continue is sent when the handler reads the body.
 */
import { describe, expect, it } from '@jest/globals'
import { Headers } from '../../lib/message/headers.js'
import {
  Runtime, echoTarget, errorResponse, get, head, ok, post, readBody, responding, response,
} from '../helpers/runtime.js'

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n'
const HEAD = post('hello', 'Expect: 100-continue').slice(0, -5)

describe('a client that waits for 100 Continue', () => {
  it('receives it once, when the body is first read', () => {
    const runtime = new Runtime()
    runtime.readString(HEAD)
    runtime.readerYielded()
    runtime.writerYielded()
    const { events } = readBody(runtime.reqd)
    runtime.writerWoken()
    runtime.readerWoken()
    runtime.writeResponse(CONTINUE)
    runtime.readString('he')
    runtime.readString('llo')
    expect(events).toEqual(['he', 'llo', 'eof'])
    echoTarget(runtime.reqd)
    runtime.writeResponse(ok('/'))
    runtime.connectionIsIdle()
  })

  it('receives it whatever the case of the expectation', () => {
    const runtime = new Runtime(reqd => { readBody(reqd) })
    runtime.readString(HEAD.replace('100-continue', '100-Continue'))
    runtime.writeResponse(CONTINUE)
  })

  it('does not receive it if the body is not read: the response has Connection: close', () => {
    const runtime = new Runtime(echoTarget)
    runtime.readString(HEAD)
    runtime.writeResponse(ok('/', 'Connection: close'))
    runtime.connectionIsShutdown()
  })

  it('does not receive it if it has begun to send the body', () => {
    const runtime = new Runtime()
    runtime.readString(head('POST / HTTP/1.1', 'Transfer-Encoding: chunked', 'Expect: 100-continue'))
    runtime.connection.read(Buffer.from('5\r\n'), 0, 3)
    const { events } = readBody(runtime.reqd)
    runtime.readString('hello\r\n0\r\n\r\n')
    expect(events).toEqual(['hello', 'eof'])
    echoTarget(runtime.reqd)
    runtime.writeResponse(ok('/'))
    runtime.connectionIsIdle()
  })

  it('does not receive it after a response has begun', () => {
    const runtime = new Runtime()
    runtime.readString(HEAD)
    const body = runtime.reqd.respondWithStreaming(responding(200), { flushHeadersImmediately: true })
    readBody(runtime.reqd)
    body.close()
    runtime.writeResponse(response('200 OK', ['Transfer-Encoding: chunked', 'Connection: close'], '0\r\n\r\n'))
  })

  it('receives it before a streamed response whose head is not queued yet, as in an echo', () => {
    const runtime = new Runtime()
    runtime.readString(HEAD)
    const body = runtime.reqd.respondWithStreaming(responding(200))
    readBody(runtime.reqd)
    runtime.writeResponse(CONTINUE)
    runtime.readString('hello')
    body.close()
    runtime.writeResponse(response('200 OK', ['Transfer-Encoding: chunked', 'Connection: close'], '0\r\n\r\n'))
    runtime.connectionIsShutdown()
  })

  it('receives it before an upgrade, which follows the body', () => {
    for (const isTakenOver of [false, true]) {
      const runtime = new Runtime()
      let upgrades = 0
      runtime.readString(post('hello', 'Expect: 100-continue', 'Connection: upgrade', 'Upgrade: x').slice(0, -5))
      if (isTakenOver) runtime.reqd.takeOver(() => { upgrades++ })
      else runtime.reqd.respondWithUpgrade(Headers.of({ Upgrade: 'x' }), () => { upgrades++ })
      expect(runtime.writeAll().startsWith(CONTINUE)).toBe(true)
      expect(upgrades).toBe(0)
      runtime.readString('hello')
      runtime.connectionIsUpgraded()
      expect(upgrades).toBe(1)
    }
  })

  it('does not receive it without a body or in HTTP/1.0', () => {
    for (const input of [get('/', 'Expect: 100-continue'),
      head('POST / HTTP/1.0', 'Content-Length: 1', 'Connection: keep-alive', 'Expect: 100-continue')]) {
      const runtime = new Runtime(reqd => { readBody(reqd) })
      runtime.readString(input)
      runtime.writerYieldsNow()
    }
  })
})

describe('another expectation', () => {
  it('is answered with 417', () => {
    const runtime = new Runtime()
    runtime.readString(post('', 'Expect: 100-continue, tea'))
    runtime.writeResponse(errorResponse('417 Expectation Failed'))
    runtime.connectionIsShutdown()
  })
})
