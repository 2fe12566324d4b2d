/**
 * A body of lines of JSON, parsed as they come. Most of it is JSON.parse.
 */
import { compare } from './lib/compare.js'
import { workloads } from './lib/workloads.js'

await compare({ ...workloads.ndjson, title: 'NDJSON upload', target: 1.05, peers: [] })
