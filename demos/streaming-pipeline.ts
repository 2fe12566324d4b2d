/**
 * A pipeline with backpressure from end to end: generated rows, as lines of JSON, compressed, sent.
 *
 * A gzip stream of `node:zlib` is an async iterable, so it is pulled. It takes rows only as its output is read, and the
 * generator makes a row only when it is taken: a client that reads slowly, or stops, sets the pace of the pipeline.
 * When the client leaves, the stream is destroyed and the generator returns.
 *
 *     npm run demo -- streaming-pipeline
 *     curl -s 'http://localhost:8080/?rows=1000000' | gunzip | tail -1
 */
import { pipeline, Readable } from 'node:stream'
import { createGzip } from 'node:zlib'
import { serve } from 'httprx'

/** The number of rows in one step of the pipeline: fewer, larger steps cost less. */
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
  // Either stream destroys the other. The server reads the result, so it sees an error.
  const body = pipeline(rows, createGzip(), () => undefined)
  return { headers: { 'content-type': 'application/x-ndjson', 'content-encoding': 'gzip' }, body }
}, {
  host: 'localhost',
  port: Number(process.env['PORT'] ?? 8080),
})
await server.listening
console.log(server.url)
