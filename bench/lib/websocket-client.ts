/**
 * WebSocket clients in a process of their own: `node websocket-client.js <port> <connections> <seconds>`. Each sends a
 * message when its last one came back. It says how many did.
 */
import { WebSocket } from 'ws'

const [port, connections, seconds] = process.argv.slice(2).map(Number)
const MESSAGE = 'x'.repeat(64)
const sockets: WebSocket[] = []
let count = 0

process.on('disconnect', () => process.exit())

function open(): Promise<void> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`, { perMessageDeflate: false })
  sockets.push(socket)
  socket.on('message', () => {
    count++
    socket.send(MESSAGE)
  })
  socket.on('error', error => { throw error })
  return new Promise(resolve => socket.on('open', () => { resolve() }))
}

await Promise.all(Array.from({ length: connections }, open))
for (const socket of sockets) socket.send(MESSAGE)
setTimeout(() => {
  process.send?.({ units: count, seconds, p99Ms: NaN })
  for (const socket of sockets) socket.terminate()
}, seconds * 1000)
