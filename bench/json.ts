/**
 * The cost of a JSON API compared with a hello: a record of header fields and `JSON.stringify` for each request.
 */
import { compare } from './lib/compare.js'
import { workloads } from './lib/workloads.js'

const versus = { against: 'httprx', ours: 'httprx-json', target: 1.15, peers: [] }

await compare({ ...workloads.hello, ...versus, title: 'JSON, one at a time' })
await compare({ ...workloads.pipelined, ...versus, title: 'JSON, pipelined' })
