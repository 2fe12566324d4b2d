/**
 * `node:http`, the reference of all comparisons.
 */
import { once } from 'node:events'
import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { pipeline, Transform } from 'node:stream'
import { WebSocketServer } from 'ws'
import { certificate } from '../certificate.js'
import { writeChunks } from '../chunk-writer.js'
import { eventListener, fanOut } from '../fan-out-node.js'
import { isFanOut } from '../fan-out.js'
import { LineSum } from '../line-sum.js'
import { GREETING, stage, TRANSFER_BYTES, transportOf, type Scenario } from '../scenario.js'
import { smallChunks } from '../small-chunks.js'
import { listening } from './listening.js'

const hello: RequestListener = (_, response) => { response.end(GREETING) }

const upload: RequestListener = (request, response) => {
  let count = 0
  request.on('data', (bytes: Uint8Array) => { count += bytes.length })
  request.on('end', () => { response.end(String(count)) })
}

const listeners: Partial<Record<Scenario, RequestListener>> = {
  hello,
  echo: (request, response) => { request.pipe(response) },
  pipeline: (request, response) => {
    pipeline(request, new Transform({
      transform(chunk: Uint8Array, _, done) { done(null, stage(chunk)) },
    }), response, error => { if (error) response.destroy() })
  },
  download: (_, response) => { fill(response, TRANSFER_BYTES) },
  'chunks-iterable': (_, response) => { void write(smallChunks['chunks-iterable'](), response) },
  'chunks-generator': (_, response) => { void write(smallChunks['chunks-generator'](), response) },
  'chunks-web': (_, response) => { void write(smallChunks['chunks-web'](), response) },
  upload,
  ndjson: (request, response) => {
    const sum = new LineSum()
    request.on('data', (bytes: Uint8Array) => { sum.add(bytes) })
    request.on('end', () => { response.end(String(sum.total)) })
  },
}

/** As a careful handler does it, which costs a third of `pipeline`. */
async function write(
  source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>, response: ServerResponse,
): Promise<void> {
  for await (const chunk of source) if (!response.write(chunk)) await once(response, 'drain')
  response.end()
}

function fill(response: ServerResponse, bytes: number): void {
  writeChunks(response, bytes, () => { response.end() })
}

function mixed(): RequestListener {
  const events = eventListener('events-mixed')
  return (request, response) => {
    switch (request.url) {
      case '/upload': return upload(request, response)
      case '/endless': return fill(response, Infinity)
      case '/events': return events(request, response)
      default: return hello(request, response)
    }
  }
}

function echoMessages(server: WebSocketServer): void {
  server.on('connection', socket => {
    socket.on('message', (data, isBinary) => { socket.send(data, { binary: isBinary }) })
  })
}

export function start(scenario: Scenario): Promise<number> {
  if (isFanOut(scenario)) return listening(fanOut(scenario))
  const { plain, isEncrypted } = transportOf(scenario)
  if (isEncrypted) return listening(createTlsServer(certificate, listeners[plain]))
  // The same timeout as ours; a shorter one would close idle connections before they are counted.
  const server = createServer({ keepAliveTimeout: 65_000 }, scenario === 'mixed' ? mixed() : listeners[scenario])
  if (scenario === 'websocket') echoMessages(new WebSocketServer({ server }))
  return listening(server)
}
