/**
 * A connection with a single request, as of a client without keep-alive, or of a health check.
 */
import { compare } from './lib/compare.js'
import { workloads } from './lib/workloads.js'

const peers: string[] = []

await compare({ ...workloads.churn, title: 'a new connection, one request, close', target: 0.9, peers })
await compare({ ...workloads['churn-tls'], title: 'the same over TLS', peers })
