/**
 * A request with the 13 header fields of a browser.
 */
import { compare } from './lib/compare.js'
import { workloads } from './lib/workloads.js'

const peers = ['transport', 'node-net-shared', 'node-net', 'fastify']

await compare({ ...workloads.headers, title: '13 header fields', target: 0.45, peers })
