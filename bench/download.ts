/**
 * 1 GiB in chunks of 64 KiB to one client.
 */
import { compare } from './lib/compare.js'
import { workloads } from './lib/workloads.js'

await compare({ ...workloads.download, title: 'download, 1 GiB', target: 0.9, peers: ['node-net', 'fastify'] })
