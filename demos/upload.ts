/**
 * An upload that is processed slowly, with its progress as the response.
 *
 * `concatMap` reads nothing while a chunk is processed, so the socket is paused and the client waits, as the events
 * show. Memory holds the current chunk and the read buffer, whatever the size of the upload. Progress is a plain
 * Observable; for a client that reads it slowly, only the latest line is kept.
 *
 *     npm run demo -- upload
 *     head -c 8M /dev/zero | curl -N -T - 'http://localhost:8080/?rate=1048576'
 */
import { filter, map, scan, timer } from 'rxjs'
import { serve } from 'httprx'

/** Bytes a second, unless the client asks for another rate. */
const RATE = 1_048_576

const server = serve(reqd => {
  const rate = Number(reqd.url.searchParams.get('rate') ?? RATE)
  const total = reqd.headers.get('content-length') ?? 'unknown'
  const progress$ = reqd.body
    .concatMap(chunk => timer(1000 * chunk.length / rate).pipe(map(() => chunk.length)))
    .pipe(
      scan((sum, length) => sum + length, 0),
      map(sum => `${sum} bytes of ${total}\n`),
    )
  return { headers: { 'content-type': 'text/plain' }, body: progress$, overflow: 'latest' }
}, {
  host: 'localhost',
  port: Number(process.env['PORT'] ?? 8080),
})

server.events$.pipe(filter(({ type }) => type === 'pause' || type === 'resume')).subscribe(({ type, connection }) => {
  console.log(`connection ${connection}: ${type}`)
})
await server.listening
console.log(server.url)
