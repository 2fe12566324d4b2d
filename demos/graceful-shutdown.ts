/**
 * A server that ends on SIGTERM and loses no response.
 *
 * `close` accepts nothing more, closes idle connections and waits for the responses in flight, which say `Connection:
 * close`. A response that would go on for long is told by `closing$` and ends itself. What is left after `graceMs` is
 * cut.
 *
 *     npm run demo -- graceful-shutdown
 *     curl http://localhost:8080/slow        or /ticks; then stop the demo with Ctrl+C
 */
import { concat, defer, interval, map, of, takeUntil, timer, type Observable } from 'rxjs'
import { onBackpressureLatest, serve, type Reply } from 'httprx'

/** Answers two seconds later. */
const slow$: Observable<Reply> = timer(2_000).pipe(map(() => ({ body: 'That took a while.\n' })))

/** A line each second, without end. A line that comes while the client is busy replaces the one that waits. */
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
