/**
 * An upgrade leaves the transport and the WebSocket, and nothing of HTTP.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it } from '@jest/globals'
import { Subject } from 'rxjs'
import type { Reqd } from '../../lib/index.js'
import { upgradeWebSocket, type WebSocketConnection } from '../../lib/ws/index.js'
import { frame, TEXT } from './frames.js'
import { KINDS, serverOf } from './kinds.js'
import { handshake } from './raw-client.js'

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc') as () => void

type Refs = Record<string, WeakRef<object>>

/** Collects garbage, and returns the names of the objects that are left: after a while, or when all are gone. */
async function left(refs: Refs): Promise<string[]> {
  const living = (): string[] => Object.keys(refs).filter(name => refs[name].deref() !== undefined)
  for (let round = 0; round < 50 && living().length > 0; round++) {
    await new Promise(resolve => { setImmediate(resolve) })
    gc()
  }
  return living()
}

/** The parts of the HTTP side, which no public name reaches. */
function partsOf(reqd: Reqd): Refs {
  const { host, owner } = reqd as unknown as { host: object; owner: { http: object & { core: object } } }
  const { request, headers } = reqd
  const { http } = owner
  const parts = { request, reqd, headers, exchanges: host, driver: http, core: http.core }
  return Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, new WeakRef<object>(part)]))
}

it.each(KINDS)('an open WebSocket keeps nothing of the HTTP side, over %s', async kind => {
  const source = new Subject<string>()
  let refs: Refs = {}
  let connection: WebSocketConnection | null = null
  await using server = await serverOf(kind, reqd => {
    refs = partsOf(reqd)
    connection = upgradeWebSocket(reqd)
    connection.messages$.subscribe(connection)
    connection.send(source)
  })
  const client = await server.client()
  await client.send(handshake()).receives('\r\n\r\n')
  await client.send(frame(TEXT, 'hello')).receives('hello')
  expect(Object.keys(refs)).toContain('core')
  expect(await left(refs)).toEqual([])
  source.next('still there')
  await client.receives('still there')
  expect(connection).toMatchObject({ isClosed: false })
})

it('a request that the application keeps does not keep the HTTP side', async () => {
  let kept: Reqd | null = null
  let refs: Refs = {}
  await using server = await serverOf('TCP', reqd => {
    const { exchanges, driver, core } = partsOf(reqd)
    refs = { exchanges, driver, core }
    kept = reqd
    upgradeWebSocket(reqd)
  })
  const client = await server.client()
  await client.send(handshake()).receives('\r\n\r\n')
  expect(await left(refs)).toEqual([])
  const reqd = kept as unknown as Reqd
  expect(reqd.target).toBe('/')
  expect(() => { reqd.respond({}) }).toThrow(expect.objectContaining({ code: 'alreadyResponded' }))
  expect(reqd.requestBody.isClosed).toBe(true)
})

it('a socket that was taken over keeps nothing of it either', async () => {
  let refs: Refs = {}
  await using server = await serverOf('TCP', reqd => {
    refs = partsOf(reqd)
    reqd.takeOver(socket => { (socket as NodeJS.WritableStream).write('mine') })
  })
  const client = await server.client()
  await client.send(handshake()).receives('mine')
  expect(await left(refs)).toEqual([])
})
