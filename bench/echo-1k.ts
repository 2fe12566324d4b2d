/**
 * Bodies of 1 KiB, sent back as they come.
 */
import { compare } from './lib/compare.js'
import { workloads } from './lib/workloads.js'

await compare({ ...workloads['echo-1k'], title: 'echo, 1 KiB', target: 0.42, peers: ['node-net', 'fastify'] })
