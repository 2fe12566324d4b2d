/**
 * The one place that knows the `ws` package: it does the opening handshake, reads frames, answers pings and closes, and
 * compresses. Messages that are not compressed are written without it: 0.93 of the CPU of an echo.
 */
import type { IncomingMessage } from 'node:http'
import { WebSocket, WebSocketServer, type ServerOptions } from 'ws'
import { copyBytes } from '../buffer/bytes.js'
import type { FrameGate } from './frame-gate.js'
import { writeMessage } from './frame-writer.js'
import type { Handshake } from './handshake.js'
import type { DeflateOptions, Settings } from './options.js'
import type { WebSocketHost, WebSocketLike } from './web-socket-like.js'

/** The longest time that a timer takes, in milliseconds: the time to close in is watched elsewhere, on RxJS's clock. */
const NEVER_MS = 2 ** 31 - 1

/**
 * Answers an accepted handshake on the socket. Where its extensions turn out to be malformed it is answered with 400,
 * and the socket closes without a word to the host.
 */
export function openWebSocket(gate: FrameGate, handshake: Handshake, settings: Settings, host: WebSocketHost): void {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: settings.maxPayload,
    perMessageDeflate: settings.deflate !== null && perMessageDeflate(settings.deflate),
    handleProtocols: () => handshake.protocol,
    WebSocket: ServerSocket,
    ...{ closeTimeout: NEVER_MS },
  })
  server.handleUpgrade(requestOf(handshake), gate, Buffer.alloc(0), opened => { connect(opened, gate, host) })
}

/** A WebSocket that tells when it closes itself: it does so through its own method. */
class ServerSocket extends WebSocket {
  host: WebSocketHost | null = null

  override close(code?: number, reason?: string | Buffer): void {
    super.close(code, reason)
    this.host?.closing(code)
  }

  /** {@link close} for others, who know that they close. */
  startClosing(code: number, reason: string): void {
    super.close(code, reason)
  }
}

function connect(socket: ServerSocket, gate: FrameGate, host: WebSocketHost): void {
  socket.host = host
  socket.on('message', (data, isBinary) => {
    const bytes = data as Buffer
    host.received(isBinary ? ownBytes(bytes) : bytes.toString())
  })
  socket.on('error', error => { host.failed(error) })
  socket.on('close', (code, reason) => { host.closed(code, reason.toString()) })
  host.opened(likenessOf(socket, gate))
}

/**
 * The bytes in memory of their own: several messages may have come in one read, and small ones are put together in the
 * pool that all Buffers of the process share.
 */
function ownBytes(bytes: Uint8Array): Uint8Array {
  return bytes.length === bytes.buffer.byteLength ? bytes : copyBytes(bytes, 0, bytes.length)
}

function likenessOf(socket: ServerSocket, gate: FrameGate): WebSocketLike {
  const isCompressing = socket.extensions !== ''
  return {
    get bufferedAmount() { return isCompressing ? gate.pending + socket.bufferedAmount : gate.pending },
    isPrompt: !isCompressing && gate.isPrompt,
    // After the end it would count what it can't send as buffered for good.
    send: message => {
      if (socket.readyState !== WebSocket.OPEN) return
      if (isCompressing) socket.send(message)
      else writeMessage(gate, message)
    },
    ping: () => { socket.ping() },
    close: (code, reason) => { socket.startClosing(code, reason) },
    terminate: () => { socket.terminate() },
  }
}

/** Without the contexts unless they are asked for: memory that lasts as long as the connection. */
function perMessageDeflate(options: DeflateOptions): ServerOptions['perMessageDeflate'] {
  const isForgetful = options.contextTakeover !== true
  return {
    threshold: options.threshold ?? 1024,
    serverNoContextTakeover: isForgetful,
    clientNoContextTakeover: isForgetful,
  }
}

/** The handshake as the request that `ws` wants to see. */
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
