/**
 * Bun's own WebSocket server, which is uWebSockets underneath: `bun bun-server.js <port> <scenario>`.
 */
import { isFanOut, publishing } from './fan-out.js'

interface Socket {
  subscribe(topic: string): void
  send(message: string | Uint8Array): void
}

interface BunServer {
  upgrade(request: Request): boolean
  publish(topic: string, message: string): void
}

declare const Bun: {
  serve(options: {
    readonly hostname: string
    readonly port: number
    fetch(request: Request, server: BunServer): Response | undefined
    readonly websocket: {
      open(socket: Socket): void
      message(socket: Socket, message: string | Uint8Array): void
    }
  }): BunServer
}

const ALL = 'all'
const [port, scenario] = process.argv.slice(2)
const server = Bun.serve({
  hostname: '127.0.0.1',
  port: Number(port),
  fetch: (request, self) => self.upgrade(request) ? undefined : new Response(null, { status: 400 }),
  websocket: {
    open: socket => { socket.subscribe(ALL) },
    message: (socket, message) => { socket.send(message) },
  },
})
if (isFanOut(scenario)) publishing(scenario, ({ data }) => { server.publish(ALL, data) })
