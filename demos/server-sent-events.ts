/**
 * Server-Sent Events: a clock that resumes where its reader left off.
 *
 * `sse` turns an Observable into a reply. The browser's EventSource reconnects by itself when the connection breaks,
 * with the id of the last event. For a slow client only the newest event is kept.
 *
 *     npm run demo -- server-sent-events
 *     curl -N http://localhost:8080/ticks        or open http://localhost:8080 in a browser
 */
import { interval, map, share, startWith } from 'rxjs'
import { serve, type Handler } from 'httprx'
import { lastEventId, sse, type SseEvent } from 'httprx/sse'

const PAGE = `<!doctype html>
<html lang="en"><title>Ticks</title>
<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
<h1 style="overflow-wrap: anywhere" aria-live="polite">…</h1>
<script>
  const ticks = new EventSource('/ticks')
  ticks.addEventListener('tick', ({ data }) => {
    const { time, missed } = JSON.parse(data)
    document.querySelector('h1').textContent = time + (missed === null ? '' : ', missed ' + missed)
  })
</script>
</html>
`

/** One clock for all clients; it ticks while there is a subscriber. */
const seconds$ = interval(1_000).pipe(startWith(0), map(() => Math.floor(Date.now() / 1_000)), share())

const ticks: Handler = reqd => {
  const last = Number(lastEventId(reqd) ?? NaN)
  const ticks$ = seconds$.pipe(map((second, n): SseEvent => ({
    event: 'tick',
    id: String(second),
    data: {
      time: new Date(second * 1_000).toISOString(),
      missed: n === 0 && second > last ? second - last - 1 : null,
    },
  })))
  return sse(ticks$, { retry: 1_000, heartbeatMs: 10_000, overflow: 'latest' })
}

const server = serve(reqd => {
  if (reqd.target === '/ticks') return ticks(reqd)
  return { headers: { 'content-type': 'text/html; charset=utf-8' }, body: PAGE }
}, {
  host: 'localhost',
  port: Number(process.env['PORT'] ?? 8080),
})

process.once('SIGTERM', () => void server.close())
await server.listening
console.log(server.url)
