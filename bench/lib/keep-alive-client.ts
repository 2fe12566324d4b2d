/**
 * Keep-alive connections in a process of their own: `node keep-alive-client.js <port> <connections> <requests>`. Over
 * each, so many requests are sent one after the other; then it says how many were answered, and leaves the connections
 * open until its channel closes.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

const REQUEST = 'GET / HTTP/1.1\r\nHost: bench\r\n\r\n'
/** How many connections are opened at once: fewer than may wait to be accepted. */
const BATCH = 200

const [port, connections, requests] = process.argv.slice(2).map(Number)
const sockets: Socket[] = []
let answers = 0

process.on('disconnect', () => process.exit())
while (sockets.length < connections) {
  const size = Math.min(BATCH, connections - sockets.length)
  await Promise.all(Array.from({ length: size }, open))
}
await Promise.all(sockets.map(talk))
process.send?.({ answers })

async function open(): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  sockets.push(socket)
  socket.on('close', () => { throw new Error('the server closed a connection') })
  await once(socket, 'connect')
}

/** Answers are small enough to come in one piece. */
async function talk(socket: Socket): Promise<void> {
  for (let count = 0; count < requests; count++) {
    socket.write(REQUEST)
    const [answer] = await once(socket, 'data') as [Uint8Array]
    if (!Buffer.from(answer).toString('latin1').startsWith('HTTP/1.1 200')) throw new Error('an answer failed')
    answers++
  }
}
