/**
 * Clients that half-close while messages to them are being compressed.
 */
import { expect, it } from '@jest/globals'
import { upgradeWebSocket } from '../../lib/ws/upgrade.js'
import { portOf, signal, start } from '../helpers/net.js'
import { frame, TEXT } from './frames.js'
import { handshake, RawClient } from './raw-client.js'

const MESSAGES = ['a', 'b', 'c'].map(letter => letter.repeat(300_000))

it.each([
  ['and no close frame', false, []], ['and the close frame behind them', true, ['close 4000 bye']],
])('get all messages, %s', async (_, closes, last) => {
  const over = signal()
  const server = await start(reqd => {
    const connection = upgradeWebSocket(reqd, { deflate: true })
    connection.closed$.subscribe(() => { over.resolve() })
    connection.messages$.subscribe(() => {
      for (const message of MESSAGES) connection.write(message)
      if (closes) connection.close(4000, 'bye')
    })
  })
  const client = new RawClient(portOf(server), handshake({ 'Sec-WebSocket-Extensions': 'permessage-deflate' }))
  await client.head
  client.socket.end(frame(TEXT, 'all'))
  const frames = await client.story()
  expect(frames.map(line => line.replace(/^text .* \(reserved 4\)$/s, 'compressed'))).toEqual([
    'compressed', 'compressed', 'compressed', ...last,
  ])
  await over.promise
  expect(server.errors).toEqual([])
})
