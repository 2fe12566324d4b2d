/**
 * WebSocket messages to 300 clients, one and ten in a turn, and compressed, beside `ws` over node:http.
 */
import { compare } from './lib/compare.js'
import { workloads } from './lib/workloads.js'

// A hub numbers the events and remembers them. The others show what the same writes cost without HTTP.
const peers = ['httprx-by-hub', 'node-net', 'transport']

await compare({ ...workloads['websocket-1'], title: 'WebSocket messages, one a turn', target: 0.8, peers })
await compare({ ...workloads['websocket-10'], title: 'WebSocket messages, ten a turn', target: 0.3, peers })
// Each message is compressed once for all, where `ws` compresses it for each client.
await compare({ ...workloads['websocket-deflated'], title: 'WebSocket messages of 4 KiB, compressed', peers: [] })
