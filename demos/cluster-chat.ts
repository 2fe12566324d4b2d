/**
 * A chat room in two processes: what is said in one is heard in both. A NATS broker stands between them.
 *
 * Each message has the number that the broker gave it. Kill one of the processes: a browser comes back to the other one
 * with the number of its last message, and misses nothing. Kill the broker and start it again: the room goes on.
 *
 *     nats-server -js
 *     npm run demo -- cluster-chat        with NATS=nats://… where the broker is elsewhere
 *     open http://localhost:8080 twice
 */
import cluster from 'node:cluster'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { serve } from 'httprx'
import { hubSocket } from 'httprx/hub'
import { NatsHub } from 'httprx/hub/nats'
import { lastEventId, sse } from 'httprx/sse'
import { isWebSocketRequest, upgradeWebSocket } from 'httprx/ws'
import { PAGE } from './cluster-chat/page.js'

const { PORT = '8080', NATS = 'nats://localhost:4222' } = process.env

/** Starts the processes, and another one where one ends. */
async function lead(): Promise<void> {
  const again = (): void => { cluster.fork() }
  cluster.on('exit', again)
  process.once('SIGTERM', () => {
    cluster.off('exit', again)
    for (const worker of Object.values(cluster.workers ?? {})) worker?.kill('SIGTERM')
  })
  const workers = [cluster.fork(), cluster.fork()]
  const [[{ port }]] = await Promise.all(workers.map(worker => once(worker, 'listening') as Promise<[AddressInfo]>))
  console.log(`http://localhost:${port}`)
}

/** Serves the room. A stream of messages says which process gives it. */
async function work(): Promise<void> {
  const name = String(process.pid)
  const connection = { servers: NATS, waitOnFirstConnect: true }
  const hub = await NatsHub.connect<string>({ connection, stream: 'CHAT', subject: 'chat' })
  const server = serve(async reqd => {
    if (reqd.url.pathname !== '/messages') return { headers: { 'content-type': 'text/html' }, body: PAGE }
    const after = lastEventId(reqd) ?? reqd.url.searchParams.get('after')
    if (isWebSocketRequest(reqd)) return void hubSocket(hub, upgradeWebSocket(reqd), { after })
    if (reqd.method === 'GET') {
      const reply = sse(hub.subscribe({ after }), { retry: 500 })
      return { ...reply, headers: reply.headers.add('x-process', name) }
    }
    await hub.publish(`${name}: ${await reqd.body.text(1_000)}`)
    return { status: 204 }
  }, { host: 'localhost', port: Number(PORT) })
  process.once('SIGTERM', () => { void server.close().then(() => hub.close()).then(() => { process.exit() }) })
}

await (cluster.isPrimary ? lead() : work())
