/**
 * The tasks of the servers. Each peer performs them in the way of its users.
 */

/**
 * - hello: answers any request with {@link GREETING}.
 * - echo: sends the body of a request back as it comes.
 * - pipeline: sends what {@link stage} makes of each chunk of the body, as it comes.
 * - download: sends {@link TRANSFER_BYTES} in chunks of 64 KiB, each when there is room for it.
 * - chunks-iterable, -generator, -web: sends a thousand small chunks.
 * - upload: answers with how many bytes the body had.
 * - websocket: sends each message back.
 * - mixed: takes uploads at /upload, sends chunks without an end at /endless, events at /events; else hello.
 * - ndjson: answers with the sum of a field over all lines of a body, each of them parsed as JSON.
 *
 * `hello-tls` and so on: the same over TLS.
 *
 * Peers for one purpose have scenarios of their own.
 */
export type Scenario =
  | 'hello' | 'echo' | 'pipeline' | 'download' | 'upload' | 'websocket' | 'ndjson' | 'mixed'
  | (string & {})

/** The scenario without `-tls`, and whether it had that. */
export function transportOf(scenario: Scenario): { readonly plain: Scenario; readonly isEncrypted: boolean } {
  const plain = scenario.replace(/-tls$/, '')
  return { plain, isEncrypted: plain !== scenario }
}

/** Starts a server and returns its port. */
export type StartPeer = (scenario: Scenario) => Promise<number>

export const GREETING = 'Hello, World!'

/** What a pipeline makes of a chunk: a copy, so that what is measured is the pipeline. */
export function stage(chunk: Uint8Array): Uint8Array {
  return Uint8Array.from(chunk)
}

/** How much a transfer moves, in bytes: 1 GiB unless the environment says otherwise. */
export const TRANSFER_BYTES = Number(process.env['BENCH_TRANSFER_BYTES'] ?? 2 ** 30)

/** A piece of a download. All pieces are the same bytes, as those of a file in the page cache would be. */
export const CHUNK = new Uint8Array(64 * 1024).fill(120)

/** A piece of a chunked upload: {@link CHUNK} with what frames it. */
export const FRAMED_CHUNK = Buffer.concat([Buffer.from('10000\r\n'), CHUNK, Buffer.from('\r\n')])

export const LAST_CHUNK = '0\r\n\r\n'

/** How many bytes a chunked upload has on the wire. */
export const CHUNKED_TRANSFER_BYTES = TRANSFER_BYTES / CHUNK.length * FRAMED_CHUNK.length + LAST_CHUNK.length

const RECORD = { id: 4711, user: 'somebody', action: 'read', path: '/articles/2026/11/27', ms: 12.5 }

/** How many lines a piece of an NDJSON upload has; it ends within none. */
export const LINES_PER_PIECE = 512
export const NDJSON_PIECE = Buffer.from(`${JSON.stringify(RECORD)}\n`.repeat(LINES_PER_PIECE))
/** How many pieces an NDJSON upload has: a sixteenth of what other transfers move. */
export const NDJSON_PIECES = Math.max(1, Math.round(TRANSFER_BYTES / 16 / NDJSON_PIECE.length))
