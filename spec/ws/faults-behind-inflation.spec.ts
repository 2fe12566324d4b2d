/**
 * Faulty frames that wait in the process while a message before them is inflated.
 */
import { describe, expect, it } from '@jest/globals'
import { deflateRawSync, constants } from 'node:zlib'
import type { WebSocketClosure } from '../../lib/ws/message.js'
import { upgradeWebSocket } from '../../lib/ws/upgrade.js'
import { connect, signal, start } from '../helpers/net.js'

const HANDSHAKE = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n'
  + 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
  + 'Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n'

/** A masked frame; the mask is zero. */
function frame(first: number, payload: Uint8Array): Buffer {
  const length = payload.length < 126 ? [0x80 | payload.length] : [0xfe, payload.length >> 8, payload.length & 0xff]
  return Buffer.concat([Buffer.from([first, ...length, 0, 0, 0, 0]), payload])
}

describe('a faulty frame after a message that is being inflated', () => {
  it('closes its connection, whatever follows it', async () => {
    const closure = signal<WebSocketClosure | null>()
    const received: unknown[] = []
    const server = await start(reqd => {
      const connection = upgradeWebSocket(reqd, { deflate: true })
      connection.messages$.subscribe(message => { received.push(message) })
      connection.closed$.subscribe(() => { closure.resolve(connection.closure) })
    })
    const text = 'x'.repeat(70_000)
    const deflated = deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH })
    const message = frame(0xc1, deflated.subarray(0, -4))
    const badClose = frame(0x88, Buffer.from([0x03, 0xe7, 0x62, 0x79, 0x65])) // the code 999
    const client = await connect(server)
    await client.send(HANDSHAKE).receives('\r\n\r\n')
    client.send(Buffer.concat([message, badClose, frame(0x82, Buffer.alloc(100)), frame(0x82, Buffer.alloc(100))]))
    await client.receives('\x88\x02\x03\xea') // a close frame with 1002
    client.end()
    expect(await closure.promise).toMatchObject({ code: 1002, wasClean: false })
    expect(received).toEqual([text])
    expect(server.errors).toEqual([])
  })
})
