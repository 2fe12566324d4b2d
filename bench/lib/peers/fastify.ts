/**
 * Fastify.
 */
import { Readable } from 'node:stream'
import { fastify, type FastifyInstance } from 'fastify'
import { CHUNK, GREETING, TRANSFER_BYTES, type Scenario } from '../scenario.js'

const routes: Partial<Record<Scenario, (app: FastifyInstance) => void>> = {
  hello: app => { app.get('/', (_, reply) => reply.send(GREETING)) },
  echo: app => { app.post('/', (request, reply) => reply.send(request.body)) },
  download: app => { app.get('/', (_, reply) => reply.send(Readable.from(chunks(), { highWaterMark: 1 }))) },
  upload: app => {
    app.post('/', async request => {
      let count = 0
      for await (const bytes of request.body as AsyncIterable<Uint8Array>) count += bytes.length
      return String(count)
    })
  },
}

function* chunks(): Generator<Uint8Array> {
  for (let left = TRANSFER_BYTES; left > 0; left -= CHUNK.length) yield CHUNK
}

export async function start(scenario: Scenario): Promise<number> {
  const app = fastify({ bodyLimit: 2 ** 40 })
  // The route receives bodies as streams.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_, payload, done) => { done(null, payload) })
  routes[scenario]?.(app)
  await app.listen({ port: 0, host: '127.0.0.1' })
  return (app.server.address() as { port: number }).port
}
