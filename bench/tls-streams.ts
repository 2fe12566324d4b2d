/**
 * Bodies over TLS, beside node:https: 1 GiB down and up, and an echo of 64 KiB.
 */
import { compare } from './lib/compare.js'
import { workloads } from './lib/workloads.js'

const peers: string[] = []

await compare({ ...workloads['download-tls'], title: 'download over TLS, 1 GiB', peers })
await compare({ ...workloads['upload-tls'], title: 'upload over TLS, 1 GiB', peers: ['httprx-lent'] })
await compare({ ...workloads['echo-64k-tls'], title: 'echo over TLS, 64 KiB', peers })
