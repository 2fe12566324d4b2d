/**
 * The showcase: one page that makes backpressure visible, and the server behind it.
 *
 *     npm start
 *
 * - `figures.ts`: the server's metrics, four times a second, from its own events
 * - `upload.ts`, `download.ts`: transfers, each with a gauge of the bytes that the server holds for it
 * - `chat.ts`: a room over WebSocket
 * - `visits.ts`: the visit of each page, and the event stream that reports its transfers
 * - `assets.ts`: the page itself
 */
import { map, merge } from 'rxjs'
import { serve, type Handler } from 'httprx'
import { sse } from 'httprx/sse'
import { asset } from './showcase/assets.js'
import { chatRoom } from './showcase/chat.js'
import { download } from './showcase/download.js'
import { figuresOf } from './showcase/figures.js'
import { Traffic } from './showcase/traffic.js'
import { upload } from './showcase/upload.js'
import { Visits } from './showcase/visits.js'

const traffic = new Traffic()
const visits = new Visits()
const figures$ = figuresOf(traffic).pipe(map(data => ({ event: 'figures', data })))

const routes = new Map<string, Handler>([
  ['GET /events', reqd => sse(merge(figures$, visits.events(reqd)), { retry: 1_000, overflow: 'dropNewest' })],
  ['POST /upload', reqd => upload(reqd, visits.of(reqd), traffic.of(reqd))],
  ['PUT /speed', reqd => visits.setSpeed(reqd)],
  ['GET /download', reqd => download(visits.of(reqd), traffic.of(reqd))],
  ['GET /chat', chatRoom()],
])

const server = serve(reqd => {
  const path = reqd.url.pathname
  const route = routes.get(`${reqd.method} ${path}`)
  return route === undefined ? asset(path) : route(reqd)
}, {
  host: 'localhost',
  port: Number(process.env['PORT'] ?? 8080),
  // Otherwise a client that pauses the download for a minute would look dead and be cut.
  writeTimeout: 3_600_000,
})

traffic.watch(server.events$)
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => void server.close({ graceMs: 1_000 }))
await server.listening
console.log(server.url)
