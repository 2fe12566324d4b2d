/**
 * node:http in its strict mode, fed bytes without a socket: which requests it takes from them, complete with their
 * bodies.
 */
import { createServer, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { setImmediate } from 'node:timers/promises'

/** How many turns of the event loop it gets to be done. */
const TURNS = 40

/** A request as somebody understood it. */
export interface Understood {
  readonly method: string
  readonly target: string
  readonly body: string
}

interface Taken {
  readonly request: IncomingMessage
  readonly chunks: Buffer[]
}

/** What node:http understands. */
export class NodeHttp {
  /** What it had against the rest of the last bytes: the code and the reason of its parser, or ''. */
  complaint = ''
  private readonly taken: Taken[] = []
  private readonly server = createServer({ insecureHTTPParser: false }, (request, response) => {
    this.note(request, () => { response.end('ok') })
  })

  constructor() {
    // Without a listener, the connection is cut before anybody sees the request.
    this.server.on('connect', (request, socket) => { this.note(request, () => { socket.destroy() }) })
    this.server.on('clientError', (error: NodeJS.ErrnoException & { reason?: string }, socket) => {
      this.complaint = `${error.code ?? ''}: ${error.reason ?? error.message}`
      // Requests in front of the error were taken, though their ends are not told yet.
      for (const { request } of this.taken) if (request.complete) while (request.read() !== null);
      socket.destroy()
    })
  }

  /** Returns the requests that it takes from the bytes, which the end of the input follows. */
  async understand(bytes: Uint8Array): Promise<readonly Understood[]> {
    this.taken.length = 0
    this.complaint = ''
    const socket = new Duplex({ read() {}, write(_bytes, _encoding, done) { done() }, allowHalfOpen: true })
    this.server.emit('connection', socket as unknown as Socket)
    socket.push(Buffer.from(bytes))
    socket.push(null)
    for (let turn = 0; turn < TURNS && !socket.destroyed; turn++) await setImmediate()
    socket.destroy()
    return this.taken.filter(({ request }) => request.complete).map(({ request, chunks }) =>
      ({ method: request.method ?? '', target: request.url ?? '', body: Buffer.concat(chunks).toString('latin1') }))
  }

  private note(request: IncomingMessage, respond: () => void): void {
    const chunks: Buffer[] = []
    this.taken.push({ request, chunks })
    request.on('error', () => undefined)
    request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', respond)
  }
}
