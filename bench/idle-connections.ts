/**
 * The memory of a connection that is idle after a request.
 */
import { measureIdle } from './lib/idle.js'
import { isShort } from './lib/options.js'

for (const count of isShort ? [500] : [5_000, 10_000]) {
  await measureIdle({
    title: 'idle connections',
    scenario: 'hello',
    clients: count => ['keep-alive', count, 1],
    target: '0.65',
    peers: ['node-http', 'httprx', 'fastify', 'node-net'],
  }, count)
}
