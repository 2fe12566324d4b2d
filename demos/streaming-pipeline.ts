/**
 * A pipeline with backpressure from end to end: generated rows, as lines of JSON, compressed, sent.
 *
 * A gzip stream of `node:zlib` is an async iterable, so it is pulled. It takes rows only as its output is taken, and
 * the generator makes a row only when it is taken: a client that reads slowly, or stops, sets the pace of all of it.
 * When the client goes away, the stream is destroyed and the generator returns.
 *
 *     npm run demo -- streaming-pipeline
 *     curl -s 'http://localhost:8080/?rows=1000000' | gunzip | tail -1
 */
import { pipeline, Readable } from 'node:stream'
import { createGzip } from 'node:zlib'
import { serve } from 'httprx'

/** So many rows go through the pipeline at once: fewer and bigger steps. */
const ROWS_A_PAGE = 100

function* pages(count: number): Generator<string, void> {
  let made = 0
  try {
    while (made < count) {
      let page = ''
      for (const end = Math.min(made + ROWS_A_PAGE, count); made < end; made++) {
        page += `${JSON.stringify({ row: made, noise: Math.random() })}\n`
      }
      yield page
    }
  } finally {
    console.log(`made ${made} of ${count} rows`)
  }
}

const server = serve(reqd => {
  const rows = Readable.from(pages(Number(reqd.url.searchParams.get('rows') ?? 1_000_000)))
  // Either end destroys the other; what went wrong is seen by the server, which reads the result.
  const body = pipeline(rows, createGzip(), () => undefined)
  return { headers: { 'content-type': 'application/x-ndjson', 'content-encoding': 'gzip' }, body }
}, {
  host: 'localhost',
  port: Number(process.env['PORT'] ?? 8080),
})
await server.listening
console.log(server.url)
