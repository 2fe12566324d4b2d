/**
 * A new release without a failed request: two workers are replaced one after the other, under load.
 *
 * A worker that is told to end answers 503 to `/ready`, accepts no new connection, gives each open one `idleMs` for a
 * last request, which is answered with `Connection: close`, and ends its event streams and WebSockets. Their clients
 * reconnect to another worker with the number of their last event, and miss nothing.
 *
 *     npm run demo -- rolling-restart
 *     curl -N http://localhost:8080/events        and /ready, and anything else
 *     kill -HUP the process that it names: a release
 */
import cluster from 'node:cluster'
import type { AddressInfo } from 'node:net'
import { map } from 'rxjs'
import { serve, type Handler } from 'httprx'
import { lastEventId, sse } from 'httprx/sse'
import { isWebSocketRequest, upgradeWebSocket } from 'httprx/ws'
import { receiveTicks, sendTicks, type Ticks } from './rolling-restart/ticks.js'
import { listens, Workers } from './rolling-restart/workers.js'

/** With REUSE_PORT each worker listens itself, if Node supports that; else the primary process holds the port. */
const { PORT = '8080', IDLE_MS = '5000', REUSE_PORT } = process.env

async function lead(): Promise<void> {
  const workers = await Workers.start(2, sendTicks())
  process.on('SIGHUP', () => { void workers.replace() })
  process.once('SIGTERM', () => { void workers.stop().then(() => { process.exit() }) })
  console.log(`http://localhost:${workers.port}, kill -HUP ${process.pid}`)
}

async function work(): Promise<void> {
  const ticks = await receiveTicks()
  let isReady = true
  const server = serve(reqd => {
    if (reqd.url.pathname === '/ready') return { status: isReady ? 200 : 503 }
    return reqd.url.pathname === '/events' ? events(ticks)(reqd) : { body: `${process.pid}\n` }
  }, { host: 'localhost', port: Number(PORT), reusePort: REUSE_PORT !== undefined })
  server.draining$.subscribe(() => { isReady = false })
  await server.listening
  listens((server.address as AddressInfo).port)
  process.once('SIGTERM', () => {
    // Not `process.exit`: a connection that the primary process is just handing over would be lost. This returns it.
    void server.close({ idleMs: Number(IDLE_MS), graceMs: 30_000 }).then(() => cluster.worker?.disconnect())
  })
}

/** Sends the ticks after the client's last one, over a WebSocket or as Server-Sent Events. */
function events(ticks: Ticks): Handler {
  return reqd => {
    const ticks$ = ticks.behind(lastEventId(reqd) ?? reqd.url.searchParams.get('after'))
    if (!isWebSocketRequest(reqd)) return sse(ticks$, { retry: 100 })
    upgradeWebSocket(reqd).send(ticks$.pipe(map(tick => JSON.stringify(tick))))
    return undefined
  }
}

await (cluster.isPrimary ? lead() : work())
