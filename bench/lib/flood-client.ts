/**
 * A client that uploads as fast as it may: `node flood-client.js <port> <bytes>`. Asked, it says how many bytes the
 * system took of it.
 */
import { connect } from 'node:net'
import { CHUNK } from './scenario.js'

const [port, bytes] = process.argv.slice(2).map(Number)
let left = bytes
let isAnswered = false

const socket = connect({ port, host: '127.0.0.1' })
socket.on('error', error => { throw error })
socket.on('data', () => { isAnswered = true })
socket.write(`POST /slow HTTP/1.1\r\nHost: bench\r\nContent-Length: ${bytes}\r\n\r\n`)
fill()

process.on('disconnect', () => process.exit())
process.on('message', () => process.send?.({ sent: bytes - left - socket.writableLength, isAnswered }))
process.send?.({})

function fill(): void {
  while (left > 0) {
    const size = Math.min(left, CHUNK.length)
    left -= size
    if (!socket.write(CHUNK.subarray(0, size))) return void socket.once('drain', fill)
  }
}
