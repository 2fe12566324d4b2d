/**
 * Clients that move large bodies: as fast as possible, or at a rate.
 */
import type { Socket } from 'node:net'
import {
  CHUNK, FRAMED_CHUNK, LAST_CHUNK, LINES_PER_PIECE, NDJSON_PIECE, NDJSON_PIECES, TRANSFER_BYTES,
} from '../scenario.js'
import { head, open, openMany, openTls, Pace, pour, readAt, secondsSince, whenAsked } from './sockets.js'

/** More bytes than any benchmark waits for. */
const ENDLESS = 2 ** 45

/** The progress of a client: the bytes that the kernel accepted, and those received. */
export interface Progress {
  readonly sent: number
  readonly received: number
}

/** The progress of a client that sends lines. */
export interface NdjsonProgress extends Progress {
  readonly lines: number
  readonly isComplete: boolean
}

/** The body of each kind: a piece, the number of pieces, and the end. */
const uploaded: Readonly<Record<string, readonly [piece: Uint8Array, count: number, end: string]>> = {
  'upload': [CHUNK, TRANSFER_BYTES / CHUNK.length, ''],
  'upload-chunked': [FRAMED_CHUNK, TRANSFER_BYTES / CHUNK.length, LAST_CHUNK],
  'ndjson': [NDJSON_PIECE, NDJSON_PIECES, ''],
}

/** One transfer, as fast as possible; its kind may end with `-tls`. */
export async function transfer(port: number, [name]: readonly string[]): Promise<object> {
  const start = process.hrtime.bigint()
  let [received, text] = [0, '']
  let complete = (): void => undefined
  const completed = new Promise<void>(resolve => { complete = resolve })
  const kind = name.replace(/-tls$/, '')
  const receive = (bytes: Uint8Array): void => {
    received += bytes.length
    if (text.length < 500) text += Buffer.from(bytes.subarray(0, 500)).toString('latin1')
    if (!text.startsWith('HTTP/1.1 200')) throw new Error(`the server answered:\n${text}`)
    if (kind === 'download' ? received > TRANSFER_BYTES : text.includes('\r\n\r\n')) complete()
  }
  // No input is kept, so that one buffer is enough.
  const buffer = new Uint8Array(256 * 1024)
  const socket = await (kind !== name ? openTls(port, receive) : open(port, { buffer, callback: count => {
    receive(buffer.subarray(0, count))
    return true
  } }))
  if (kind === 'download') socket.write(head('GET', '/'))
  else await upload(socket, kind)
  await completed
  const units = kind === 'ndjson' ? NDJSON_PIECES * LINES_PER_PIECE : TRANSFER_BYTES
  return { units, seconds: secondsSince(start), p99Ms: NaN }
}

async function upload(socket: Socket, kind: string): Promise<void> {
  const [piece, count, end] = uploaded[kind]
  const framing = end === '' ? `Content-Length: ${count * piece.length}` : 'Transfer-Encoding: chunked'
  socket.write(head('POST', '/', 'Content-Type: application/octet-stream', framing))
  await pour(socket, piece, count)
  socket.write(end)
}

/** Uploads that need not be received completely. */
export async function flood(port: number, [bytes]: readonly string[]): Promise<object> {
  const socket = await open(port)
  socket.resume().write(head('POST', '/slow', `Content-Length: ${bytes}`))
  void pour(socket, CHUNK, Number(bytes) / CHUNK.length)
  whenAsked(() => progressOf([socket]))
  return {}
}

export async function ndjson(port: number, words: readonly string[]): Promise<object> {
  const [pieces, rate] = words.map(Number)
  const due = pieces * LINES_PER_PIECE
  let [lines, tail] = [0, '']
  const socket = await open(port)
  readAt(new Pace(rate), socket, bytes => {
    for (let at = bytes.indexOf(125); at >= 0; at = bytes.indexOf(125, at + 1)) lines++
    tail = (tail + bytes.subarray(-8).toString('latin1')).slice(-8)
  })
  const length = pieces * NDJSON_PIECE.length
  socket.write(head('POST', '/', 'Content-Type: application/x-ndjson', `Content-Length: ${length}`))
  void pour(socket, NDJSON_PIECE, pieces)
  whenAsked((): NdjsonProgress => {
    const isComplete = tail.endsWith(LAST_CHUNK)
    if (isComplete && lines !== due) throw new Error(`${lines} lines came of ${due}`)
    return { ...progressOf([socket]), lines, isComplete }
  })
  return {}
}

export async function uploads(port: number, words: readonly string[]): Promise<object> {
  const [connections, rate] = words.map(Number)
  const sockets = await openMany(connections, () => open(port))
  for (const socket of sockets) {
    socket.resume().write(head('POST', '/upload', `Content-Length: ${ENDLESS}`))
    void pour(socket, CHUNK, ENDLESS, new Pace(rate))
  }
  whenAsked(() => progressOf(sockets))
  return {}
}

export async function downloads(port: number, words: readonly string[]): Promise<object> {
  const [connections, rate] = words.map(Number)
  const sockets = await openMany(connections, () => open(port))
  for (const socket of sockets) {
    readAt(new Pace(rate), socket, () => undefined)
    socket.write(head('GET', '/endless'))
  }
  whenAsked(() => progressOf(sockets))
  return {}
}

function progressOf(sockets: readonly Socket[]): Progress {
  const sum = (of: (socket: Socket) => number): number => sockets.reduce((total, socket) => total + of(socket), 0)
  return { sent: sum(socket => socket.bytesWritten - socket.writableLength), received: sum(socket => socket.bytesRead) }
}
