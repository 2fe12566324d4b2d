/**
 * Server-Sent Events to 300 clients, one and ten in a turn, beside node:http, which formats each event once.
 */
import { compare } from './lib/compare.js'
import { workloads } from './lib/workloads.js'

// What the same writes cost over bare sockets, and over ours.
const peers = ['node-net', 'transport']

await compare({ ...workloads['sse-1'], title: 'Server-Sent Events, one a turn', target: 0.8, peers })
await compare({ ...workloads['sse-10'], title: 'Server-Sent Events, ten a turn', target: 0.4, peers })
