/**
 * A listener of `events$` that transfers the bytes that it gets: they must not be the memory of the connections.
 */
import { expect, it } from '@jest/globals'
import { copyOnAccess, type ConnectionEventDetail } from '../../lib/runtime/events.js'
import { ask, start } from '../helpers/net.js'
import { give } from '../helpers/transfers.js'

it('takes nothing from any connection', async () => {
  const server = await start(({ body }) => ({ body }))
  const taken: Uint8Array[] = []
  server.events$.subscribe(event => {
    if (event.type === 'bytesIn') taken.push(give(event.bytes))
    if (event.type === 'bytesOut') taken.push(...event.iovecs.map(({ buffer }) => give(buffer)))
  })
  for (let i = 0; i < 3; i++) {
    expect(await ask(server, { method: 'POST', body: Buffer.from('some text') })).toMatchObject({ body: 'some text' })
  }
  expect(server.errors).toEqual([])
  expect(Buffer.concat(taken).toString()).toContain('POST')
})

it('gets nothing of what the application transferred while it was written', () => {
  const chunk = Uint8Array.of(1, 2)
  const written = (): ConnectionEventDetail => {
    const event: ConnectionEventDetail = { type: 'bytesOut', count: 2, iovecs: [{ buffer: chunk, off: 0, len: 2 }] }
    copyOnAccess(event)
    return event
  }
  expect(written()).toMatchObject({ iovecs: [{ buffer: Uint8Array.of(1, 2), off: 0, len: 2 }] })
  give(chunk)
  expect(written()).toMatchObject({ iovecs: [{ buffer: new Uint8Array(), off: 0, len: 0 }] })
})

it('gets the same copy each time that it asks', () => {
  const event: ConnectionEventDetail = { type: 'bytesIn', count: 2, bytes: Uint8Array.of(1, 2) }
  const { bytes } = event
  copyOnAccess(event)
  expect(event.bytes).toEqual(bytes)
  expect(event.bytes).not.toBe(bytes)
  expect(event.bytes).toBe(event.bytes)
})
