/**
 * Clients of streams in a process of their own: `node stream-client.js <port> <scenario> <connections> <seconds>`. They
 * count what comes for that long, and say how many events that were; with 0 seconds they say that all streams are open,
 * and stay until their channel closes.
 */
import { connect } from 'node:net'
import { isMessages } from './fan-out.js'

const [port, scenario, connections, seconds] = process.argv.slice(2)
const HANDSHAKE = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n'
  + 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
const REQUEST = `GET / HTTP/1.1\r\nHost: bench\r\n${isMessages(scenario) ? HANDSHAKE : ''}\r\n`
const END = '}'.charCodeAt(0)
/** How many connections are opened at once: fewer than may wait to be accepted. */
const BATCH = 100
/** Nothing of what comes is kept, so one buffer is enough. */
const buffer = new Uint8Array(64 * 1024)

let events = 0

process.on('disconnect', () => process.exit())
for (let left = Number(connections); left > 0; left -= BATCH) {
  await Promise.all(Array.from({ length: Math.min(BATCH, left) }, open))
}
if (seconds === '0') process.send?.({ events })
else setTimeout(finish, Number(seconds) * 1000)

function finish(): void {
  process.send?.({ units: events, seconds: Number(seconds), p99Ms: NaN })
}

function open(): Promise<void> {
  return new Promise(resolve => {
    const onread = { buffer, callback: (count: number) => receive(count, resolve) }
    const socket = connect({ port: Number(port), host: '127.0.0.1', noDelay: true, onread })
    socket.on('connect', () => { socket.write(REQUEST) })
    socket.on('close', () => { throw new Error('the server closed a connection') })
  })
}

function receive(count: number, opened: () => void): boolean {
  opened()
  const bytes = buffer.subarray(0, count)
  for (let at = bytes.indexOf(END); at >= 0; at = bytes.indexOf(END, at + 1)) events++
  return true
}
