/**
 * Connections that are opened, asked once and closed, in a process of its own: `node churn-client.js <port> <tls|tcp>
 * <connections>`. So many are made in all, a few at a time; then it says how many were answered, and how long it took.
 */
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

const REQUEST = 'GET / HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n'
/** How many are open at once: fewer than may wait to be accepted. */
const AT_ONCE = 32

const [portText, transport, connectionsText] = process.argv.slice(2)
const port = Number(portText)
let left = Number(connectionsText)
const start = process.hrtime.bigint()

process.on('disconnect', () => process.exit())
const answers = await Promise.all(Array.from({ length: AT_ONCE }, visitInTurn))
const seconds = Number(process.hrtime.bigint() - start) / 1e9
process.send?.({ units: answers.reduce((sum, count) => sum + count, 0), seconds, p99Ms: NaN })

async function visitInTurn(): Promise<number> {
  let count = 0
  for (; left > 0; count++) {
    left--
    await visit()
  }
  return count
}

/** The server closes, as it was asked to. */
function visit(): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = open()
    let text = ''
    socket.setEncoding('latin1').on('data', (piece: string) => { text += piece })
    socket.on('error', reject)
    socket.on('close', () => {
      if (text.startsWith('HTTP/1.1 200')) resolve()
      else reject(new Error(`the server answered:\n${text}`))
    })
    socket.write(REQUEST)
  })
}

function open(): Socket {
  const options = { port, host: '127.0.0.1', noDelay: true }
  return transport === 'tls' ? connectTls({ ...options, rejectUnauthorized: false }) : connect(options)
}
