/**
 * A body of lines of JSON, parsed as they arrive. Most of the time is that of JSON.parse.
 */
import { compare } from './lib/compare.js'
import { workloads } from './lib/workloads.js'

await compare({ ...workloads.ndjson, title: 'NDJSON upload', target: 1.05, peers: [] })
