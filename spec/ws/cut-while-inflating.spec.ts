/**
 * Connections that end while a message is inflated and others wait behind it.
 */
import { constants, deflateRawSync } from 'node:zlib'
import { describe, expect, it } from '@jest/globals'
import { upgradeWebSocket } from '../../lib/ws/upgrade.js'
import { signal } from '../helpers/net.js'
import { frame, TEXT } from './frames.js'
import { KINDS, serverOf } from './kinds.js'
import { handshake } from './raw-client.js'

const HANDSHAKE = handshake({ 'Sec-WebSocket-Extensions': 'permessage-deflate' })

function compressed(text: string): Buffer {
  return frame(TEXT, deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4), { reserved: 4 })
}

describe.each(KINDS)('a compressed connection over %s', kind => {
  it.each([
    ['the server cuts it', 'cut'], ['its client is gone', 'gone'],
  ])('gives the message that is inflated, and none behind it, where %s', async (_, how) => {
    const long = 'x'.repeat(8_000_000)
    const [inflating, over] = [signal(), signal<number>()]
    const lengths: number[] = []
    await using running = await serverOf(kind, reqd => {
      const connection = upgradeWebSocket(reqd, { deflate: true, maxPayload: 2 * long.length })
      connection.closed$.subscribe(() => { over.resolve(connection.closure!.code) })
      connection.messages$.subscribe(({ length }) => {
        lengths.push(length)
        inflating.resolve()
      })
    })
    const { server } = running
    const client = await running.client()
    await client.send(HANDSHAKE).receives('\r\n\r\n')
    client.send(Buffer.concat(['a', long, 'bb', 'ccc', 'dddd'].map(compressed)))
    await inflating.promise
    if (how === 'gone') client.socket.destroy()
    await server.close({ graceMs: 0 })
    expect(await over.promise).toBe(1006)
    expect(lengths).toEqual([1, long.length])
    expect(server.errors).toEqual([])
  })
})
