/**
 * `node:http` for clients that never read: `/endless` pipes the source that the scenario names; all other paths are
 * hello.
 */
import { createServer, type ServerResponse } from 'node:http'
import { pipeline, Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import { generated, streamed } from '../endless.js'
import { GREETING, type Scenario } from '../scenario.js'
import { listening } from './listening.js'

const sources: Partial<Record<Scenario, () => Readable>> = {
  // The high-water mark counts bytes, so that the source buffers no more than that and a chunk.
  'generator': () => Readable.from(generated(), { objectMode: false }),
  'ReadableStream': () => Readable.fromWeb(streamed() as ReadableStream),
}

function send(form: Scenario, response: ServerResponse): void {
  const source = sources[form]
  // Its clients leave within responses.
  if (source !== undefined) pipeline(source(), response, () => undefined)
}

export function start(form: Scenario): Promise<number> {
  return listening(createServer((request, response) => {
    if (request.url === '/endless') send(form, response)
    else response.end(GREETING)
  }))
}
