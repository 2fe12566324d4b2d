/**
 * The smallest request and response.
 */
import { compare } from './lib/compare.js'
import { workloads } from './lib/workloads.js'

const peers = ['transport', 'node-net-shared', 'node-net', 'fastify']

await compare({ ...workloads.hello, title: 'hello', target: 0.5, peers })
