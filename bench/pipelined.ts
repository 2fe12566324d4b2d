/**
 * Requests in pipelines of 16.
 */
import { compare } from './lib/compare.js'
import { workloads } from './lib/workloads.js'

const peers = ['transport', 'node-net-shared', 'node-net', 'fastify']

await compare({ ...workloads.pipelined, title: 'pipelined, 16 deep', target: 0.09, peers })
