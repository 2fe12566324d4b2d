/**
 * A connection that is opened, asked once and closed: what a client without keep-alive costs, and a health check.
 */
import { compare } from './lib/compare.js'
import { workloads } from './lib/workloads.js'

const peers: string[] = []

await compare({ ...workloads.churn, title: 'a new connection, one request, close', target: 0.9, peers })
await compare({ ...workloads['churn-tls'], title: 'the same over TLS', peers })
