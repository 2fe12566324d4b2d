/**
 * Clients that send small requests: over persistent connections, and over a new connection each.
 */
import { once } from 'node:events'
import { connect as connectPlain, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { head, open, openMany, secondsSince } from './sockets.js'

const REQUEST = head('GET', '/')
const LAST_REQUEST = head('GET', '/', 'Connection: close')
/** The number of simultaneous connections with a single request each. */
const AT_ONCE = 32

/** Leaves the connections open. */
export async function keepAlive(port: number, words: readonly string[]): Promise<object> {
  const [connections, requests] = words.map(Number)
  const sockets = await openMany(connections, () => open(port))
  await Promise.all(sockets.map(socket => talk(socket, requests)))
  return { answers: connections * requests }
}

/** Responses are small enough to arrive in one piece. */
async function talk(socket: Socket, requests: number): Promise<void> {
  for (let count = 0; count < requests; count++) {
    socket.write(REQUEST)
    const [answer] = await once(socket, 'data') as [Uint8Array]
    checkAnswer(Buffer.from(answer).toString('latin1'))
  }
}

export async function churn(port: number, [transport, connections]: readonly string[]): Promise<object> {
  const start = process.hrtime.bigint()
  const options = { port, host: '127.0.0.1', noDelay: true }
  const connect = (): Socket =>
    transport === 'tls' ? connectTls({ ...options, rejectUnauthorized: false }) : connectPlain(options)
  let left = Number(connections)
  const visitInTurn = async (): Promise<void> => {
    while (left-- > 0) await visit(connect())
  }
  await Promise.all(Array.from({ length: AT_ONCE }, visitInTurn))
  return { units: Number(connections), seconds: secondsSince(start), p99Ms: NaN }
}

/** The server closes the connection, as the request asks. */
async function visit(socket: Socket): Promise<void> {
  let text = ''
  socket.setEncoding('latin1').on('data', (piece: string) => { text += piece })
  socket.write(LAST_REQUEST)
  await once(socket, 'close')
  checkAnswer(text)
}

function checkAnswer(text: string): void {
  if (!text.startsWith('HTTP/1.1 200')) throw new Error(`the server answered:\n${text}`)
}
