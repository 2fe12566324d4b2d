/**
 * Server-Sent Events to 300 clients, one and ten in a turn, beside node:http, which formats each event once.
 */
import { compare } from './lib/compare.js'
import { workloads } from './lib/workloads.js'

// A hub numbers the events and remembers them. The others show what the same writes cost without HTTP.
const peers = ['httprx-by-hub', 'node-net', 'transport']

await compare({ ...workloads['sse-1'], title: 'Server-Sent Events, one a turn', target: 0.8, peers })
await compare({ ...workloads['sse-10'], title: 'Server-Sent Events, ten a turn', target: 0.4, peers })
