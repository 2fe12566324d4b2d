/**
 * A server that closes on SIGTERM without losing a response.
 *
 * `close` stops accepting, closes idle connections and waits for the responses in flight, which say `Connection:
 * close`. A long-lived response ends itself when `closing$` emits. Connections open after `graceMs` are cut.
 *
 *     npm run demo -- graceful-shutdown
 *     curl http://localhost:8080/slow        or /ticks; then stop the demo with Ctrl+C
 */
import { concat, defer, interval, map, of, takeUntil, timer, type Observable } from 'rxjs'
import { onBackpressureLatest, serve, type Reply } from 'httprx'

/** Responds after two seconds. */
const slow$: Observable<Reply> = timer(2_000).pipe(map(() => ({ body: 'That took a while.\n' })))

/** Sends a line every second, without end. For a slow client a new line replaces the pending one. */
const ticks: Reply = {
  body: (ready$, closing$) => concat(
    interval(1_000).pipe(map(n => `${n}\n`), onBackpressureLatest(ready$), takeUntil(closing$)),
    defer(() => of('The server closes.\n')),
  ),
}

const server = serve(reqd => {
  console.log(`${reqd.method} ${reqd.target}`)
  return reqd.target === '/ticks' ? ticks : slow$
}, {
  host: 'localhost',
  port: Number(process.env['PORT'] ?? 8080),
})

async function stop(): Promise<void> {
  console.log('closing')
  await server.close({ graceMs: 10_000 })
  console.log('closed')
}

process.once('SIGTERM', () => void stop())
process.once('SIGINT', () => void stop())
await server.listening
console.log(server.url)
