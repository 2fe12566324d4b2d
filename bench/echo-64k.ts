/**
 * Bodies of 64 KiB, sent back as they come.
 */
import { compare } from './lib/compare.js'
import { workloads } from './lib/workloads.js'

await compare({ ...workloads['echo-64k'], title: 'echo, 64 KiB', target: 0.5, peers: ['node-net', 'fastify'] })
