/**
 * The types of the subpaths: the core, Server-Sent Events, WebSockets, hubs, the marble kit.
 */
import { describe, expect, it } from '@jest/globals'
import { judged, type Sample } from '../helpers/compiled.js'

const IMPORTS = `
import { of, type Observable } from 'rxjs'
import { serve, type Handler } from 'httprx'
import { Body, Headers, IOVec, Response, ServerConnection, type Reqd } from 'httprx/core'
import { Hub, hubSocket, isGap, type HubEvent } from 'httprx/hub'
import { lastEventId, sse } from 'httprx/sse'
import { get, marbles, marblesAsync } from 'httprx/testing'
import { isWebSocketRequest, upgradeWebSocket, type WebSocketMessage } from 'httprx/ws'
const hub = new Hub<{ n: number }>()
`

const CORE: readonly Sample[] = [
  ['a handler responds itself',
    'ServerConnection.create(reqd => { reqd.respondWithString(Response.create(200), "a") })', null],
  ['a handler gets a Reqd', 'ServerConnection.create((reqd: Reqd) => { void reqd.requestBody })', null],
  ['an operation is told apart by its type', `
    const connection = ServerConnection.create(() => undefined)
    const operation = connection.nextWriteOperation()
    if (operation.type === 'write') { const vectors: readonly IOVec[] = operation.iovecs }`, null],
  ['only a write has bytes',
    'ServerConnection.create(() => undefined).nextWriteOperation().iovecs', /Property 'iovecs' does not exist/],
  ['a result has a count',
    'ServerConnection.create(() => undefined).reportWriteResult({ type: "ok" })', /not assignable/],
  ['a read has three arguments', 'ServerConnection.create(() => undefined).read(new Uint8Array(1))', /Expected 3/],
]

const STREAMS: readonly Sample[] = [
  ['events as a reply', 'const h: Handler = r => sse(of({ data: "a", id: "1" }))', null],
  ['a hub as events', 'const h: Handler = r => sse(hub.subscribe({ after: lastEventId(r) }))', null],
  ['a value of the hub', 'const p: Promise<unknown> = Promise.resolve(hub.publish({ n: 1 }))', null],
  ['another value', 'hub.publish({ m: 1 })', /does not exist in type/],
  ['a WebSocket', `
    serve(reqd => {
      if (!isWebSocketRequest(reqd)) return { status: 426 }
      const connection = upgradeWebSocket(reqd)
      connection.messages$.subscribe(message => { connection.next(message) })
      return undefined
    })`, null],
  ['a message is text or bytes', 'const m: WebSocketMessage = 1', /not assignable/],
]

const KIT: readonly Sample[] = [
  ['a diagram', `
    marbles(({ serve, expectObservable }) => {
      const client = serve(() => ({ body: 'hi' })).connect('a', { a: get('/') })
      expectObservable(client.responses$).toBe('r', { r: {} })
    })`, null],
  ['promises want the other one', 'const p: Promise<void> = marblesAsync(() => undefined)', null],
  ['a client takes a diagram', 'marbles(({ serve }) => { serve(() => undefined).connect(1) })', /not assignable/],
]

describe('the compiler takes it or complains', () => {
  const cases = judged(IMPORTS, { 'the core': CORE, streams: STREAMS, 'the kit': KIT })

  it.each(cases)('%s', (_, complaint, said) => {
    if (complaint === null) expect(said).toBe('')
    else expect(said).toMatch(complaint)
  })
})
