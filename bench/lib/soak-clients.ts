/**
 * Clients of the soak: each kind repeats one visit, from connecting to the end, with good or bad behaviour.
 */
import { once, type EventEmitter } from 'node:events'
import { Agent, request, type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { Agent as TlsAgent, request as requestTls } from 'node:https'
import { connect as connectSocket, type Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { CHUNK } from './scenario.js'

/** The ports of the server. */
export interface Ports {
  readonly plain: number
  readonly tls: number
}

/** One visit of a client. */
export type Visit = (ports: Ports) => Promise<void>

const HOST = '127.0.0.1'
const agent = new Agent({ keepAlive: true, maxSockets: 8 })
const tlsAgent = new TlsAgent({ keepAlive: true, maxSockets: 4 })

const plain = (options: RequestOptions, { plain: port }: Ports): ClientRequest =>
  request({ host: HOST, port, ...options, agent: options.agent ?? agent })
const tls = (options: RequestOptions, { tls: port }: Ports): ClientRequest =>
  requestTls({ host: HOST, port, rejectUnauthorized: false, ...options, agent: options.agent ?? tlsAgent })

/** Reads the response to its end. Returns its number of bytes. */
async function taken(sent: ClientRequest): Promise<number> {
  const [response] = await once(sent, 'response') as [IncomingMessage]
  let count = 0
  for await (const bytes of response) count += (bytes as Buffer).length
  return count
}

/** Waits for the end of the connection, in whatever way it ends. */
function closed(one: EventEmitter): Promise<unknown> {
  return new Promise(resolve => { one.once('close', resolve).on('error', () => undefined) })
}

function demand(isTrue: boolean, what: string): void {
  if (!isTrue) throw new Error(`the soak got ${what}`)
}

const hello = (send: typeof plain): Visit => async ports => {
  demand(await taken(send({ path: '/' }, ports).end()) === 13, 'no greeting')
}

const download = (send: typeof plain): Visit => async ports => {
  demand(await taken(send({ path: '/download' }, ports).end()) === 64 * CHUNK.length, 'a part of a download')
}

const upload = (send: typeof plain, path: string, pieces: number): Visit => async ports => {
  // A refused body ends its connection if it is longer than drainLimit.
  const sent = send({ path, method: 'POST', agent: path === '/unread' ? false : undefined }, ports)
  const answer = taken(sent)
  for (let n = 0; n < pieces; n++) if (!sent.write(CHUNK)) await once(sent, 'drain')
  sent.end()
  const count = await answer
  demand(path === '/echo' ? count === pieces * CHUNK.length : count > 0, `${count} bytes of ${path}`)
}

/** Leaves within the response, or within the request if `body` is sent. */
const breaksOff = (send: typeof plain, path: string, body?: Uint8Array): Visit => async ports => {
  const sent = send({ path, method: body === undefined ? 'GET' : 'POST', agent: false }, ports)
  const over = closed(sent)
  if (body === undefined) {
    const [response] = await once(sent.end(), 'response') as [IncomingMessage]
    await once(response, 'data')
  } else {
    sent.setHeader('Content-Length', 100 * body.length)
    await new Promise(resolve => { sent.write(body, resolve) })
  }
  sent.destroy()
  await over
}

/** Reads some events or pushed chunks, then leaves. */
const listens = (path: string, count: number): Visit => async ports => {
  const sent = plain({ path, agent: false }, ports).end()
  const [response] = await once(sent, 'response') as [IncomingMessage]
  for (let n = 0; n < count; n++) await once(response, 'data')
  response.destroy()
  await closed(sent)
}

const talks = (end: (socket: WebSocket) => void): Visit => async ({ plain: port }) => {
  const socket = new WebSocket(`ws://${HOST}:${port}/socket`)
  await once(socket, 'open')
  for (let n = 0; n < 20; n++) {
    socket.send('x'.repeat(n * 100))
    await once(socket, 'message')
  }
  const over = closed(socket)
  end(socket)
  await over
}

/** Sends a malformed or incomplete request, or nothing, and leaves. */
const says = (text: string, which: keyof Ports, leave: (socket: Socket) => void): Visit => async ports => {
  const socket = connectSocket({ host: HOST, port: ports[which] })
  const over = closed(socket)
  socket.resume()
  await once(socket, 'connect')
  if (text !== '') await new Promise(resolve => { socket.write(text, 'latin1', resolve) })
  leave(socket)
  await over
}

const ends = (socket: Socket): void => { socket.end() }
const resets = (socket: Socket): void => { socket.resetAndDestroy() }

/** The kinds of visits, and the number of simultaneous clients of each. */
const KINDS: Readonly<Record<string, readonly [clients: number, visit: Visit]>> = {
  'hello': [6, hello(plain)],
  'hello, TLS': [2, hello(tls)],
  'download': [1, download(plain)],
  'download, TLS': [1, download(tls)],
  'upload': [1, upload(plain, '/upload', 16)],
  'upload, TLS': [1, upload(tls, '/upload', 16)],
  'echo': [1, upload(plain, '/echo', 16)],
  'an upload that is refused': [1, upload(plain, '/unread', 1)],
  'a download that is broken off': [1, breaksOff(plain, '/download')],
  'a download that is broken off, TLS': [1, breaksOff(tls, '/download')],
  'an upload that is broken off': [1, breaksOff(plain, '/upload', CHUNK)],
  'an echo that is broken off, TLS': [1, breaksOff(tls, '/echo', CHUNK)],
  'a refused upload that is broken off': [1, breaksOff(plain, '/unread', CHUNK)],
  'events': [6, listens('/events', 20)],
  'chunks that are pushed': [2, listens('/pushed', 20)],
  'a WebSocket that closes': [4, talks(socket => { socket.close() })],
  'a WebSocket that breaks': [1, talks(socket => { socket.terminate() })],
  'nothing': [1, says('', 'plain', ends)],
  'nothing, TLS': [1, says('', 'tls', ends)],
  'a reset, TLS': [1, says('', 'tls', resets)],
  'half a handshake': [1, says('\x16\x03\x01\0\xc8\x01\0\0\xc4\x03\x03', 'tls', ends)],
  'no request': [1, says('no request\r\n\r\n', 'plain', ends)],
  'half a request': [1, says('GET / HTTP/1.1\r\nHost: a\r\n', 'plain', resets)],
}

/** The activity of all clients until they are stopped. */
export class Load {
  /** The number of completed visits. */
  visits = 0
  private isStopped = false
  private readonly clients: Promise<unknown>
  private readonly ports: Ports
  private readonly restMs: number

  /** Starts all clients, which pause between their visits. */
  constructor(ports: Ports, restMs: number) {
    this.ports = ports
    this.restMs = restMs
    const loops = Object.entries(KINDS).flatMap(([name, [clients, visit]]) =>
      Array.from({ length: clients }, () => this.repeat(name, visit)))
    this.clients = Promise.all(loops)
  }

  /** Rejects when a client fails. */
  failed(): Promise<never> {
    return this.clients.then(() => new Promise<never>(() => undefined))
  }

  /** Waits until the last visits are over. */
  async stop(): Promise<void> {
    this.isStopped = true
    await this.clients
    agent.destroy()
    tlsAgent.destroy()
  }

  private async repeat(name: string, visit: Visit): Promise<void> {
    while (!this.isStopped) {
      await visit(this.ports).catch((error: unknown) => {
        throw new Error(`${this.visits} visits went well, then ${name} failed`, { cause: error })
      })
      this.visits++
      await setTimeout(this.restMs)
    }
  }
}
