/**
 * The benchmarks that `all` and `report` run, in this order.
 */
export const BENCHMARKS: readonly string[] = [
  'hello', 'headers', 'pipelined', 'json', 'churn', 'cold-start', 'echo-1k', 'echo-64k', 'pipeline',
  'download', 'upload', 'tls-streams', 'ndjson-upload', 'small-chunks',
  'websocket-echo', 'sse-fan-out', 'websocket-fan-out', 'rxjs-cost', 'latency', 'mixed-latency', 'allocation',
  'idle-connections', 'idle-streams',
  'linear-time', 'hub-capacity', 'deaf-client', 'slow-reader', 'slow-upload',
  'micro-parser', 'micro-serializer', 'micro-chunked', 'micro-headers', 'micro-body',
]
