/**
 * Deno's own WebSocket server: `deno run -A deno-server.js <port> <scenario>`.
 */
import { isFanOut, publishing } from './fan-out.js'

interface DenoOptions {
  readonly hostname: string
  readonly port: number
  /** It prints the address otherwise. */
  readonly onListen: () => void
}

declare const Deno: {
  readonly args: readonly string[]
  serve(options: DenoOptions, handler: (request: Request) => Response): void
  upgradeWebSocket(request: Request): { readonly socket: WebSocket; readonly response: Response }
}

const [port, scenario] = Deno.args
const clients = new Set<WebSocket>()
Deno.serve({ hostname: '127.0.0.1', port: Number(port), onListen: () => undefined }, request => {
  if (request.headers.get('upgrade') === null) return new Response(null, { status: 400 })
  const { socket, response } = Deno.upgradeWebSocket(request)
  socket.onopen = () => { clients.add(socket) }
  socket.onclose = () => { clients.delete(socket) }
  socket.onmessage = ({ data }) => { socket.send(data as string) }
  return response
})
if (isFanOut(scenario)) publishing(scenario, ({ data }) => { for (const client of clients) client.send(data) })
