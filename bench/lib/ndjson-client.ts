/**
 * A client that sends lines of JSON as fast as they are taken, and reads what comes back at a rate of its own:
 * `node ndjson-client.js <port> <pieces> <bytes a second>`. It answers each message with how far it is.
 */
import { connect } from 'node:net'
import { LINES_PER_PIECE, NDJSON_PIECE } from './scenario.js'

/** How far the client is. */
export interface NdjsonProgress {
  /** Bytes that the kernel took. */
  readonly sent: number
  /** Bytes and lines of the response that came. */
  readonly received: number
  readonly lines: number
  readonly isComplete: boolean
}

const [port, pieces, rate] = process.argv.slice(2).map(Number)
const began = process.hrtime.bigint()
let left = pieces
let received = 0
let lines = 0
let tail = ''

const socket = connect({ port, host: '127.0.0.1' })
socket.on('error', error => { throw error })
socket.on('data', receive)
socket.write('POST / HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n'
  + `Content-Type: application/x-ndjson\r\nContent-Length: ${pieces * NDJSON_PIECE.length}\r\n\r\n`)
fill()

process.on('disconnect', () => process.exit())
process.on('message', () => { process.send?.(progress()) })

function fill(): void {
  while (left > 0) {
    left--
    if (!socket.write(NDJSON_PIECE)) return void socket.once('drain', fill)
  }
}

/** Reads on when what came is no more than the rate allows. */
function receive(bytes: Buffer): void {
  received += bytes.length
  for (let at = bytes.indexOf(125); at >= 0; at = bytes.indexOf(125, at + 1)) lines++
  tail = (tail + bytes.subarray(-8).toString('latin1')).slice(-8)
  const seconds = Number(process.hrtime.bigint() - began) / 1e9
  const ahead = received / rate - seconds
  if (ahead <= 0) return
  socket.pause()
  setTimeout(() => socket.resume(), ahead * 1000)
}

function progress(): NdjsonProgress {
  const isComplete = tail.endsWith('0\r\n\r\n')
  const due = pieces * LINES_PER_PIECE
  if (isComplete && lines !== due) throw new Error(`${lines} lines came of ${due}`)
  return { sent: socket.bytesWritten - socket.writableLength, received, lines, isComplete }
}
