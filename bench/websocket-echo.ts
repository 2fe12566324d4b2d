/**
 * Messages of 64 bytes over 64 WebSocket connections, sent back: `httprx/ws` beside `ws` over node:http.
 */
import { compare } from './lib/compare.js'
import { workloads } from './lib/workloads.js'

await compare({ ...workloads['websocket-echo'], title: 'WebSocket echo', target: 1, peers: [] })
