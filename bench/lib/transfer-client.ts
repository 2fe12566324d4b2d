/**
 * One transfer in a process of its own: `node transfer-client.js <port> <download|upload|upload-chunked|ndjson>`. It
 * says how many bytes (or lines) it moved and how long that took.
 */
import { connect } from 'node:net'
import {
  CHUNK, FRAMED_CHUNK, LAST_CHUNK, LINES_PER_PIECE, NDJSON_PIECE, NDJSON_PIECES, TRANSFER_BYTES,
} from './scenario.js'

const [port, kind] = process.argv.slice(2)
const start = process.hrtime.bigint()
let received = 0
let text = ''

// Nothing of what comes is kept, so one buffer is enough.
const socket = connect({
  port: Number(port),
  host: '127.0.0.1',
  noDelay: true,
  onread: { buffer: new Uint8Array(256 * 1024), callback: receive },
})
socket.on('error', error => { throw error })
socket.on('end', () => { throw new Error(`the server ended after ${received} bytes:\n${text}`) })

if (kind === 'download') {
  socket.write('GET / HTTP/1.1\r\nHost: bench\r\n\r\n')
} else {
  const isChunked = kind === 'upload-chunked'
  const [piece, count] = kind === 'ndjson' ? [NDJSON_PIECE, NDJSON_PIECES] : [CHUNK, TRANSFER_BYTES / CHUNK.length]
  const framing = isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${count * piece.length}`
  socket.write(`POST / HTTP/1.1\r\nHost: bench\r\nContent-Type: application/octet-stream\r\n${framing}\r\n\r\n`)
  upload(isChunked ? FRAMED_CHUNK : piece, count, isChunked ? LAST_CHUNK : '')
}

function upload(piece: Uint8Array, count: number, end: string): void {
  let left = count
  const fill = (): void => {
    while (left > 0) {
      left--
      if (!socket.write(piece)) return void socket.once('drain', fill)
    }
    socket.write(end)
  }
  fill()
}

function receive(count: number, buffer: Uint8Array): boolean {
  received += count
  if (text.length < 500) text += Buffer.from(buffer.subarray(0, Math.min(count, 500))).toString('latin1')
  if (!text.startsWith('HTTP/1.1 200')) throw new Error(`the server answered:\n${text}`)
  const isComplete = kind === 'download' ? received > TRANSFER_BYTES : text.includes('\r\n\r\n')
  if (isComplete) finish()
  return true
}

function finish(): void {
  const seconds = Number(process.hrtime.bigint() - start) / 1e9
  process.send?.({ units: kind === 'ndjson' ? NDJSON_PIECES * LINES_PER_PIECE : TRANSFER_BYTES, seconds, p99Ms: NaN })
  socket.destroy()
  process.disconnect()
}
