/**
 * What the servers are asked to do. Each peer does it in the way its users would.
 */

/**
 * - hello: answers any request with {@link GREETING}.
 * - echo: sends the body of a request back as it comes.
 * - download: sends {@link TRANSFER_BYTES} in chunks of 64 KiB, each when there is room for it.
 * - upload: answers with how many bytes the body had.
 * - websocket: sends each message back.
 *
 * Peers for one purpose have scenarios of their own.
 */
export type Scenario = 'hello' | 'echo' | 'download' | 'upload' | 'websocket' | (string & {})

/** Starts a server and returns its port. */
export type StartPeer = (scenario: Scenario) => Promise<number>

export const GREETING = 'Hello, World!'

/** How much a transfer moves, in bytes: 1 GiB unless the environment says otherwise. */
export const TRANSFER_BYTES = Number(process.env['BENCH_TRANSFER_BYTES'] ?? 2 ** 30)

/** A piece of a download. All pieces are the same bytes, as those of a file in the page cache would be. */
export const CHUNK = new Uint8Array(64 * 1024).fill(120)

/** A piece of a chunked upload: {@link CHUNK} with what frames it. */
export const FRAMED_CHUNK = Buffer.concat([Buffer.from('10000\r\n'), CHUNK, Buffer.from('\r\n')])

export const LAST_CHUNK = '0\r\n\r\n'

/** How many bytes a chunked upload has on the wire. */
export const CHUNKED_TRANSFER_BYTES = TRANSFER_BYTES / CHUNK.length * FRAMED_CHUNK.length + LAST_CHUNK.length
