/**
 * A pipeline between a request and its response: `reqd.body.bytes$.pipe(map(stage))` beside node:http's
 * `pipeline(request, transform, response)`, with bodies of 1 KiB and of 64 KiB.
 */
import { compare } from './lib/compare.js'
import { workloads } from './lib/workloads.js'

for (const size of ['1k', '64k'] as const) {
  await compare({ ...workloads[`pipeline-${size}`], title: `pipeline, ${size}`, target: 0.8, peers: [] })
}
