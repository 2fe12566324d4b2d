/**
 * The memory of a silent stream: of Server-Sent Events, and of a WebSocket.
 */
import { measureIdle } from './lib/idle.js'
import { isShort } from './lib/options.js'

const count = isShort ? 300 : 3_000
// A bare socket is what no server can do without.
const peers = ['node-http', 'httprx', 'node-net']

await measureIdle({
  title: 'silent SSE streams',
  scenario: 'events-silent',
  clients: count => ['events', '/', count],
  target: '8 KiB',
  peers,
}, count)
await measureIdle({
  title: 'silent WebSockets',
  scenario: 'messages-silent',
  clients: count => ['messages', count],
  target: '7 KiB',
  peers,
}, count)
