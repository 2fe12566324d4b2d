/**
 * The only file that imports the `ws` package, which does the opening handshake, reads frames, answers pings and
 * closes, and compresses. Uncompressed messages are written without it: an echo takes 0.93 of the CPU that way.
 */
import type { IncomingMessage } from 'node:http'
import { WebSocket, WebSocketServer, type ServerOptions } from 'ws'
import { copyBytes } from '../buffer/bytes.js'
import type { FrameGate } from './frame-gate.js'
import { writeMessage } from './frame-writer.js'
import type { GateOutput } from './gate-output.js'
import type { Handshake } from './handshake.js'
import type { WebSocketMessage } from './message.js'
import { shareCompression, type Deflate } from './shared-compression.js'
import type { WebSocketHost, WebSocketLike } from './web-socket-like.js'
import type { DeflateOptions, Settings } from './web-socket-options.js'

/**
 * The longest time of a timer, in milliseconds: the limit for the closing handshake is the session's, on RxJS's clock.
 */
const NEVER_MS = 2 ** 31 - 1

/**
 * Answers an accepted handshake on the socket. Where its extensions are malformed the response is 400, and the socket
 * closes without a call of the host.
 */
export function openWebSocket(gate: FrameGate, handshake: Handshake, settings: Settings, host: WebSocketHost): void {
  const server = serverOf(settings)
  const { protocol } = handshake
  const chooseProtocol = (): string | false => protocol
  server.options.handleProtocols = chooseProtocol
  server.handleUpgrade(requestOf(handshake), gate, Buffer.alloc(0), opened => { connect(opened, gate, host) })
}

/** The servers by their settings: one serves any number of connections. */
const servers = new Map<string, ReturnType<typeof makeServer>>()
/** The most servers that are kept: settings that differ for each connection must not accumulate. */
const SERVERS = 16

function serverOf(settings: Settings): ReturnType<typeof makeServer> {
  const key = JSON.stringify([settings.maxPayload, settings.deflate])
  const known = servers.get(key)
  if (known !== undefined) return known
  if (servers.size === SERVERS) servers.clear()
  const server = makeServer(settings)
  servers.set(key, server)
  return server
}

function makeServer({ maxPayload, deflate }: Settings) {
  return new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload,
    perMessageDeflate: deflate !== null && perMessageDeflate(deflate),
    WebSocket: ServerSocket,
    ...{ closeTimeout: NEVER_MS },
  })
}

/** A WebSocket that tells its host when the package itself closes it, which it does through `close`. */
class ServerSocket extends WebSocket {
  host: WebSocketHost | null = null

  override close(code?: number, reason?: string | Buffer): void {
    super.close(code, reason)
    this.host?.closing(code)
  }

  /** {@link close} without telling the host. */
  startClosing(code: number, reason: string): void {
    super.close(code, reason)
  }
}

/** What reads the frames of the package's WebSocket: an internal of the package. */
interface Receiver {
  _errored: boolean
  _write(chunk: Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void): void
}

/**
 * Drops what was written behind a frame that is at fault. Node's stream passes it on where it waited for a message to
 * be inflated, and the package (8.23.0) would throw an exception that nobody can catch.
 */
function ignoreBehindFault({ _receiver: receiver }: { readonly _receiver?: Receiver | null }): void {
  if (!receiver) return
  const write = receiver._write.bind(receiver)
  const guarded: Receiver['_write'] = (chunk, encoding, done) => {
    if (receiver._errored) done()
    else write(chunk, encoding, done)
  }
  receiver._write = guarded
}

/** The compression of the package's WebSocket: an internal of the package. */
function deflatesOf(socket: object): Deflate[] {
  return Object.values((socket as { readonly _extensions?: Record<string, Deflate> })._extensions ?? {})
}

function connect(socket: ServerSocket, gate: FrameGate, host: WebSocketHost): void {
  socket.host = host
  if (socket.extensions !== '') {
    ignoreBehindFault(socket as unknown as Parameters<typeof ignoreBehindFault>[0])
    for (const deflate of deflatesOf(socket)) shareCompression(deflate)
  }
  socket.on('message', (data, isBinary) => {
    const bytes = data as Buffer
    host.received(isBinary ? ownBytes(bytes) : bytes.toString())
  })
  socket.on('error', error => { host.failed(error) })
  socket.on('close', (code, reason) => { host.closed(code, reason.toString()) })
  const { output } = gate
  host.opened(socket.extensions === '' ? new PlainWebSocket(socket, output) : new CompressingWebSocket(socket, output))
}

/**
 * The bytes in memory of their own: several messages may have come in one read, and small ones are put together in the
 * pool that all Buffers of the process share.
 */
function ownBytes(bytes: Uint8Array): Uint8Array {
  return bytes.length === bytes.buffer.byteLength ? bytes : copyBytes(bytes, 0, bytes.length)
}

/** A WebSocket whose messages are not compressed: they are written without the package. */
class PlainWebSocket implements WebSocketLike {
  protected readonly socket: ServerSocket
  protected readonly output: GateOutput

  constructor(socket: ServerSocket, output: GateOutput) {
    this.socket = socket
    this.output = output
  }

  get bufferedAmount(): number {
    return this.output.pending
  }

  flush(): boolean {
    return this.output.offer()
  }

  // After the end the package would count unsent bytes as buffered for ever.
  send(message: WebSocketMessage): void {
    if (this.socket.readyState === WebSocket.OPEN) writeMessage(this.output, message)
  }

  ping(): void {
    this.socket.ping()
  }

  close(code: number, reason: string): void {
    this.socket.startClosing(code, reason)
  }

  terminate(): void {
    this.socket.terminate()
  }
}

/** A WebSocket whose messages may be compressed, which takes time. */
class CompressingWebSocket extends PlainWebSocket {
  override get bufferedAmount(): number {
    return this.output.pending + this.socket.bufferedAmount
  }

  override flush(): boolean {
    this.output.offer()
    return false
  }

  override send(message: WebSocketMessage): void {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(message)
  }
}

/**
 * Contexts are kept only on request: their memory lasts as long as the connection. A client may refuse to keep them in
 * either case; `false` would refuse the client instead.
 */
function perMessageDeflate({ threshold = 1024, contextTakeover }: DeflateOptions): ServerOptions['perMessageDeflate'] {
  if (contextTakeover === true) return { threshold }
  return { threshold, serverNoContextTakeover: true, clientNoContextTakeover: true }
}

/** Returns the handshake as a request for the `ws` package. */
function requestOf({ key, protocol, extensions }: Handshake): IncomingMessage {
  const headers: Record<string, string> = {
    'upgrade': 'websocket',
    'sec-websocket-key': key,
    'sec-websocket-version': '13',
  }
  if (protocol !== '') headers['sec-websocket-protocol'] = protocol
  if (extensions !== '') headers['sec-websocket-extensions'] = extensions
  return { method: 'GET', headers } as unknown as IncomingMessage
}
