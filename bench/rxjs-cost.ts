/**
 * The cost of RxJS: `serve` against the core behind the same sockets and time limits, with a handler that responds
 * itself. `core-loops` is the core behind two bare loops without time limits, the smallest possible server.
 */
import { compare } from './lib/compare.js'
import { workloads } from './lib/workloads.js'

const against = 'core'
const target = 1.15
const peers = ['core-loops']

await compare({ ...workloads.hello, title: 'the cost of RxJS, hello', against, target, peers })
await compare({ ...workloads.pipelined, title: 'the cost of RxJS, pipelined', against, target, peers })
