/**
 * Every benchmark, one after the other: about half an hour; a few minutes with `--short`.
 */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const NAMES = [
  'hello', 'headers', 'pipelined', 'json', 'churn', 'cold-start', 'echo-1k', 'echo-64k', 'pipeline',
  'download', 'upload', 'ndjson-upload',
  'websocket-echo', 'sse-fan-out', 'websocket-fan-out', 'rxjs-cost', 'latency', 'mixed-latency', 'allocation',
  'idle-connections', 'idle-streams',
  'linear-time', 'slow-reader', 'slow-upload',
  'micro-parser', 'micro-serializer', 'micro-chunked', 'micro-headers', 'micro-body',
]

for (const name of NAMES) {
  const program = fileURLToPath(new URL(`./${name}.js`, import.meta.url))
  execFileSync(process.execPath, [program, ...process.argv.slice(2)], { stdio: 'inherit' })
}
