/**
 * The loads of servers, by name.
 */
import { setTimeout } from 'node:timers/promises'
import { runClients, startClients } from './client-process.js'
import type { Progress } from './clients/streams.js'
import type { Attack } from './duel.js'
import { CLIENTS, isDeflated, isMessages } from './fan-out.js'
import { load, type LoadResult, type Shape } from './load.js'
import { seconds } from './options.js'
import type { Scenario } from './scenario.js'

/** A scenario with a load. */
export interface Workload {
  readonly scenario: Scenario
  readonly attack: Attack
  /** The name of the unit, in the singular. */
  readonly unit: 'request' | 'byte' | 'message' | 'event' | 'line' | 'connection'
  /** Whether each round has new processes. */
  readonly isFresh: boolean
}

/** The number of connections. */
const CONNECTIONS = 64

/** The fields of a browser's request: 13 with Host, which every client adds. */
export const BROWSER_HEADERS = {
  'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  'Accept': 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
  'Accept-Language': 'en-GB,en;q=0.7,de;q=0.3',
  'Accept-Encoding': 'gzip, deflate, br, zstd',
  'Referer': 'http://localhost:8080/articles/2024/05/17/a-page-with-a-long-name',
  'Connection': 'keep-alive',
  'Cookie': 'session=6f1e9c0a4b7d4f0d8a3f; theme=dark; consent=1',
  'Upgrade-Insecure-Requests': '1',
  'Sec-Fetch-Dest': 'document',
  'Sec-Fetch-Mode': 'navigate',
  'Sec-Fetch-Site': 'same-origin',
  'Priority': 'u=0, i',
}

const BINARY = { 'Content-Type': 'application/octet-stream' }

/** Every workload. */
export const workloads = {
  'hello': requests('hello', {}),
  'headers': requests('hello', { headers: BROWSER_HEADERS }),
  'pipelined': requests('hello', { pipelined: 16 }),
  'echo-1k': requests('echo', { bodyBytes: 1024, headers: BINARY }),
  'echo-64k': requests('echo', { bodyBytes: 64 * 1024, headers: BINARY }),
  'churn': visits('hello', 'tcp', 4000),
  'churn-tls': visits('hello-tls', 'tls', 1000),
  'pipeline-1k': requests('pipeline', { bodyBytes: 1024, headers: BINARY }),
  'pipeline-64k': requests('pipeline', { bodyBytes: 64 * 1024, headers: BINARY }),
  'chunks-iterable': requests('chunks-iterable', {}),
  'chunks-generator': requests('chunks-generator', {}),
  'chunks-web': requests('chunks-web', {}),
  'download': transfer('download', 'download'),
  'hello-tls': requests('hello-tls', { isEncrypted: true }),
  'echo-64k-tls': requests('echo-tls', { isEncrypted: true, bodyBytes: 64 * 1024, headers: BINARY }),
  'download-tls': transfer('download-tls', 'download-tls'),
  'upload-tls': transfer('upload-tls', 'upload-tls'),
  'upload': transfer('upload', 'upload'),
  'upload-chunked': transfer('upload', 'upload-chunked'),
  'websocket-echo': messages(),
  'sse-1': streams('events-1', 'event'),
  'sse-10': streams('events-10', 'event'),
  'websocket-1': streams('messages-1', 'message'),
  'websocket-10': streams('messages-10', 'message'),
  'websocket-deflated': streams('messages-deflated', 'message'),
  'ndjson': transfer('ndjson', 'ndjson', 'line'),
} as const satisfies Record<string, Workload>

/** Requests of one shape over 64 connections, for the duration of a round. */
function requests(scenario: Scenario, shape: Shape): Workload {
  const attack = whole((port, core) => load(shape, { port, core, seconds, connections: CONNECTIONS }))
  return { scenario, attack, unit: 'request', isFresh: false }
}

/** Connections with a single request. */
function visits(scenario: Scenario, transport: 'tcp' | 'tls', count: number): Workload {
  const attack = whole((port, core) => runClients('churn', port, [transport, count], core))
  return { scenario, attack, unit: 'connection', isFresh: false }
}

/** One transfer over one connection. */
function transfer(scenario: Scenario, kind: string, unit: Workload['unit'] = 'byte'): Workload {
  const attack = whole((port, core) => runClients('transfer', port, [kind], core))
  return { scenario, attack, unit, isFresh: true }
}

/** Messages over 64 WebSocket connections, one at a time over each, for the duration of a round. */
function messages(): Workload {
  const attack = whole((port, core) => runClients('websockets', port, [CONNECTIONS, seconds], core))
  return { scenario: 'websocket', attack, unit: 'message', isFresh: false }
}

/** Events from the server to many clients, for the duration of a round, which begins when they are connected. */
function streams(scenario: Scenario, unit: Workload['unit']): Workload {
  const mode = isDeflated(scenario) ? 'deflated-messages' : isMessages(scenario) ? 'messages' : 'events'
  const words = mode === 'events' ? ['/', CLIENTS] : [CLIENTS]
  const attack: Attack = async (port, core, mark) => {
    const clients = startClients(mode, port, words, core)
    await clients.next()
    await mark()
    const before = await clients.ask<Progress>({})
    await setTimeout(seconds * 1_000)
    const after = await clients.ask<Progress>({})
    await mark()
    await clients.stop()
    return { units: after.count - before.count, seconds: (after.ms - before.ms) / 1_000, p99Ms: NaN }
  }
  return { scenario, attack, unit, isFresh: false }
}

/** Load that is measured from its beginning to its end. */
function whole(send: (port: number, core: number | null) => Promise<LoadResult>): Attack {
  return async (port, core, mark) => {
    await mark()
    const result = await send(port, core)
    await mark()
    return result
  }
}
