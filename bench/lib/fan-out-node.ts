/**
 * One event to many clients over node:http and `ws`; each event is formatted once.
 */
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { WebSocketServer } from 'ws'
import { isDeflated, isMessages, publishing } from './fan-out.js'

/** The server of the scenario. It publishes from now on. */
export function fanOut(scenario: string): Server {
  return isMessages(scenario) ? messageServer(scenario) : createServer(eventListener(scenario))
}

/** What answers with the events of the scenario. */
export function eventListener(scenario: string): RequestListener {
  const clients = new Set<ServerResponse>()
  publishing(scenario, ({ id, data }) => {
    const text = `id: ${id}\ndata: ${data}\n\n`
    for (const client of clients) client.write(text)
  })
  return (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    response.write(':\n\n')
    clients.add(response)
    response.on('close', () => { clients.delete(response) })
  }
}

function messageServer(scenario: string): Server {
  const server = createServer()
  const perMessageDeflate = isDeflated(scenario) && { serverNoContextTakeover: true, clientNoContextTakeover: true }
  const sockets = new WebSocketServer({ server, perMessageDeflate })
  sockets.on('connection', socket => { socket.on('error', () => { socket.terminate() }) })
  publishing(scenario, ({ data }) => {
    for (const client of sockets.clients) client.send(data)
  })
  return server
}
