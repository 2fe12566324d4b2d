/**
 * A chat room in two processes, connected by a NATS broker: a message sent to one reaches the guests of both.
 *
 * Each message has a sequence number of the broker. Kill one of the processes: its browsers reconnect to the other one
 * with the number of their last message, and miss nothing. Restart the broker: the room continues.
 *
 *     nats-server -js
 *     npm run demo -- cluster-chat        with NATS=nats://… if the broker is elsewhere
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

/** Starts the processes, and replaces one that ends. */
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

/** Serves the room. The stream of messages names its process. */
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
