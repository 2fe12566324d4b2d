/**
 * 1 GiB from one client, with its length announced and in chunks of 64 KiB.
 */
import { compare } from './lib/compare.js'
import { workloads } from './lib/workloads.js'

const target = 0.8
const peers = ['httprx-lent', 'node-net', 'fastify']

await compare({ ...workloads.upload, title: 'upload, 1 GiB, fixed length', target, peers })
await compare({ ...workloads['upload-chunked'], title: 'upload, 1 GiB, chunked', target, peers })
