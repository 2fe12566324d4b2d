/**
 * A server built from the state machine, two loops (bare-core/loops.ts, ready to be copied) and Node's sockets.
 *
 *     npm run demo -- bare-core
 *     curl localhost:8080/hello
 *     curl --data-binary @file localhost:8080/echo
 *     curl --header 'Connection: upgrade' --header 'Upgrade: echo' localhost:8080 telnet://localhost:8080
 */
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { Headers, Response, ServerConnection, type Reqd } from 'httprx/core'
import { drive } from './bare-core/loops.js'
import { socketTransport } from './bare-core/socket.js'

function handle(reqd: Reqd): void {
  if (reqd.request.headers.mem('Upgrade')) reqd.respondWithUpgrade(Headers.of({ Upgrade: 'echo' }), () => undefined)
  else if (reqd.request.method === 'POST') echo(reqd)
  else reqd.respondWithString(Response.create(200), `You asked for ${reqd.request.target}\n`)
}

/** Echoes the request body, no faster than the client takes it. */
function echo(reqd: Reqd): void {
  const body = reqd.respondWithStreaming(Response.create(200))
  const read = (): void => {
    reqd.requestBody.scheduleRead({
      onRead: bytes => {
        body.scheduleBytes(bytes)
        body.flush(result => { if (result === 'written') read() })
      },
      onEof: () => { body.close() },
    })
  }
  read()
}

async function serve(socket: Socket): Promise<void> {
  const left = await drive(ServerConnection.create(handle), socketTransport(socket))
  if (left === null) return
  socket.write(left)
  socket.pipe(socket)
}

const server = createServer({ allowHalfOpen: true }, socket => { void serve(socket) })
server.listen(Number(process.env['PORT'] ?? 8080), 'localhost')
await once(server, 'listening')
console.log(`http://localhost:${(server.address() as AddressInfo).port}`)
process.once('SIGTERM', () => { process.exit() })
