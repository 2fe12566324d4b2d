/**
 * Upgrade, CONNECT and takeover: the connection is handed over with the bytes behind the request.
 */
import { describe, expect, it } from '@jest/globals'
import type { Reqd } from '../../lib/connection/reqd.js'
import { Headers } from '../../lib/message/headers.js'
import {
  Runtime, echoTarget, errorResponse, get, head, ok, post, postChunks, readBody, responding, response,
} from '../helpers/runtime.js'
import { latin1 } from '../helpers/splits.js'

const UPGRADE = ['Connection: Upgrade', 'Upgrade: x']
const SWITCHING = response('101 Switching Protocols', ['Upgrade: x', 'Connection: upgrade'])
const CONNECT = head('CONNECT a:1 HTTP/1.1', 'Host: a:1')

/** A runtime whose handler upgrades, and the number of hand-overs. */
function upgrading(prepare: (reqd: Reqd) => void = () => {}): { runtime: Runtime; upgrades: () => number } {
  let count = 0
  const runtime = new Runtime(reqd => {
    prepare(reqd)
    reqd.respondWithUpgrade(Headers.of({ Upgrade: 'x' }), () => { count++ })
  })
  return { runtime, upgrades: () => count }
}

/** Both loops are asked to leave the transport, and the connection ends when its new owner shuts it down. */
function isHandedOver(runtime: Runtime): void {
  runtime.connectionIsUpgraded()
  expect(runtime.connection.isUpgrade).toBe(true)
  expect(runtime.connection.isClosed).toBe(false)
  runtime.connection.shutdown()
  runtime.connectionIsShutdown()
}

describe('an upgrade', () => {
  it('hands over when its head is written, and leaves the bytes behind the request', () => {
    const { runtime, upgrades } = upgrading()
    const request = get('/', ...UPGRADE)
    expect(runtime.offer(`${request}other protocol`)).toBe(request.length)
    runtime.writePartially(SWITCHING.slice(0, 20))
    expect(upgrades()).toBe(0)
    runtime.writeResponse(SWITCHING.slice(20))
    expect(upgrades()).toBe(1)
    isHandedOver(runtime)
    expect(upgrades()).toBe(1)
  })

  it('follows earlier responses', () => {
    const runtime = new Runtime(reqd => {
      if (reqd.request.target === '/') echoTarget(reqd)
      else reqd.respondWithUpgrade(Headers.of({ Upgrade: 'x' }), () => {})
    })
    runtime.offer(get('/') + get('/up', ...UPGRADE) + 'other')
    runtime.writeResponse(ok('/') + SWITCHING)
    isHandedOver(runtime)
  })

  it('may be asynchronous', () => {
    const runtime = new Runtime()
    let upgrades = 0
    runtime.readString(get('/', ...UPGRADE))
    runtime.writerYielded()
    runtime.reqd.respondWithUpgrade(Headers.of({ Upgrade: 'x' }), () => { upgrades++ })
    runtime.writerWoken()
    runtime.writeResponse(SWITCHING)
    expect(upgrades).toBe(1)
  })

  it('may be declined: after another response the connection stays HTTP', () => {
    const runtime = new Runtime(echoTarget)
    runtime.readString(get('/', ...UPGRADE))
    runtime.writeResponse(ok('/'))
    runtime.connectionIsIdle()
  })

  it('drops an unread body first, and hands over after the read that completes it', () => {
    const { runtime, upgrades } = upgrading()
    runtime.readString(post('hello', ...UPGRADE).slice(0, -5))
    runtime.writeResponse(SWITCHING)
    runtime.writerYielded()
    expect(runtime.offer('hello, other')).toBe(5)
    expect(upgrades()).toBe(0)
    runtime.writerAsleep()
    expect(runtime.connection.nextReadOperation()).toBe('yield')
    runtime.writerWoken()
    runtime.connectionIsUpgraded()
    expect(upgrades()).toBe(1)
  })

  it('waits for the end of a body that is read', () => {
    const { runtime, upgrades } = upgrading(reqd => { readBody(reqd) })
    runtime.readString(post('hello', ...UPGRADE).slice(0, -5))
    runtime.writeResponse(SWITCHING)
    runtime.readString('hello')
    runtime.connectionIsUpgraded()
    expect(upgrades()).toBe(1)
  })

  it('drops the rest of a body that the handler closes', () => {
    const { runtime, upgrades } = upgrading(reqd => { readBody(reqd) })
    runtime.readString(post('hello', ...UPGRADE).slice(0, -5))
    runtime.writeResponse(SWITCHING)
    runtime.reqd.requestBody.close()
    runtime.readString('hello')
    runtime.connectionIsUpgraded()
    expect(upgrades()).toBe(1)
  })

  it('does not happen if the body is malformed, truncated or too long', () => {
    const inputs: ((runtime: Runtime) => void)[] = [
      runtime => { runtime.readString('x') },
      runtime => { runtime.readEof() },
      runtime => { runtime.readString(`100000\r\n${'x'.repeat(100_000)}`) },
    ]
    for (const input of inputs) {
      const { runtime, upgrades } = upgrading()
      runtime.readString(postChunks(...UPGRADE))
      runtime.writeResponse(SWITCHING)
      input(runtime)
      runtime.connectionIsShutdown()
      expect(upgrades()).toBe(0)
    }
  })

  it('does not happen if the peer accepts no more output', () => {
    const { runtime, upgrades } = upgrading()
    runtime.readString(get('/', ...UPGRADE))
    runtime.writeFails()
    runtime.connectionIsShutdown(SWITCHING.length)
    expect(upgrades()).toBe(0)
  })

  it('happens even if the input ended behind the request', () => {
    const { runtime, upgrades } = upgrading()
    runtime.readEof(get('/', ...UPGRADE))
    runtime.writeResponse(SWITCHING)
    expect(upgrades()).toBe(1)
  })
})

describe('CONNECT', () => {
  it('is handed over after a 200', () => {
    const { runtime, upgrades } = upgrading()
    expect(runtime.offer(`${CONNECT}tunnel`)).toBe(CONNECT.length)
    runtime.writeResponse(response('200 OK', ['Upgrade: x']))
    expect(upgrades()).toBe(1)
    isHandedOver(runtime)
  })

  it('closes the connection if it is refused: nothing behind it is read as HTTP', () => {
    const runtime = new Runtime(reqd => { reqd.respondWithString(responding(403), 'no') })
    runtime.readString(CONNECT + get('/smuggled'))
    runtime.writeResponse(response('403 Forbidden', ['Content-Length: 2', 'Connection: close'], 'no'))
    expect(runtime.reqds).toHaveLength(1)
    runtime.connectionIsShutdown()
  })

  it('closes the connection after a plain 200 without a body: nothing behind it is read as HTTP', () => {
    const runtime = new Runtime(reqd => { reqd.respondWithString(responding(200), 'body') })
    runtime.readString(CONNECT + get('/smuggled'))
    runtime.writeResponse(response('200 OK', ['Connection: close']))
    expect(runtime.reqds).toHaveLength(1)
    runtime.connectionIsShutdown()
  })

  it('is refused with a target in another form', () => {
    const runtime = new Runtime()
    runtime.readString(head('CONNECT / HTTP/1.1'))
    runtime.writeResponse(errorResponse('400 Bad Request'))
  })
})

describe('a takeover', () => {
  it('hands over without a response, after the read', () => {
    let upgrades = 0
    const runtime = new Runtime(reqd => { reqd.takeOver(() => { upgrades++ }) })
    expect(runtime.offer(`${get('/')}other`)).toBe(get('/').length)
    expect(upgrades).toBe(0)
    runtime.connectionIsUpgraded()
    expect(upgrades).toBe(1)
    isHandedOver(runtime)
  })

  it('does not happen within a read, even if the writer asks for its operation there', () => {
    const upgrades: boolean[] = []
    let isWithinRead = false
    const runtime = new Runtime(reqd => { reqd.takeOver(() => { upgrades.push(isWithinRead) }) })
    const ask = (): void => {
      if (runtime.connection.nextWriteOperation().type === 'yield') runtime.connection.yieldWriter(ask)
    }
    runtime.connection.yieldWriter(ask)
    isWithinRead = true
    runtime.connection.read(latin1(get('/')), 0, get('/').length)
    isWithinRead = false
    runtime.connectionIsUpgraded()
    expect(upgrades).toEqual([false])
  })

  it('wakes a waiting writer', () => {
    const runtime = new Runtime()
    let upgrades = 0
    runtime.writerYielded()
    runtime.readString(get('/'))
    runtime.reqd.takeOver(() => { upgrades++ })
    runtime.writerWoken()
    runtime.connectionIsUpgraded()
    expect(upgrades).toBe(1)
  })

  it('waits for earlier responses', () => {
    let upgrades = 0
    const runtime = new Runtime(reqd => {
      if (reqd.request.target === '/') echoTarget(reqd)
      else reqd.takeOver(() => { upgrades++ })
    })
    runtime.readString(get('/') + get('/over'))
    runtime.writePartially(ok('/').slice(0, -1))
    expect(upgrades).toBe(0)
    runtime.writeResponse('/')
    expect(upgrades).toBe(1)
  })
})
