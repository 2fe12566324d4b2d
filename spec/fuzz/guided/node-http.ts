/**
 * node:http in strict mode, fed with bytes without a socket: the requests that it accepts, with their complete bodies.
 */
import { createServer, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { setImmediate } from 'node:timers/promises'

/** The number of turns of the event loop after which the requests are collected. */
const TURNS = 40

/** A request as a parser read it. */
export interface Understood {
  readonly method: string
  readonly target: string
  readonly body: string
}

interface Taken {
  readonly request: IncomingMessage
  readonly chunks: Buffer[]
}

/** A server of node:http that parses bytes. */
export class NodeHttp {
  /** The error of its parser for the rest of the last bytes: code and reason, or ''. */
  complaint = ''
  private readonly taken: Taken[] = []
  private readonly server = createServer({ insecureHTTPParser: false }, (request, response) => {
    this.note(request, () => { response.end('ok') })
  })

  constructor() {
    // Without a listener, node:http cuts the connection before it emits the request.
    this.server.on('connect', (request, socket) => { this.note(request, () => { socket.destroy() }) })
    this.server.on('clientError', (error: NodeJS.ErrnoException & { reason?: string }, socket) => {
      this.complaint = `${error.code ?? ''}: ${error.reason ?? error.message}`
      // Requests before the error were accepted, although their end events are still to come.
      for (const { request } of this.taken) if (request.complete) while (request.read() !== null);
      socket.destroy()
    })
  }

  /** Returns the requests that it accepts from the bytes, which are followed by the end of the input. */
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
