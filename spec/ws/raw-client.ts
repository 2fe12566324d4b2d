/**
 * A client that sends invalid frames, which no client library would send.
 */
import { connect, type Socket } from 'node:net'
import { CLOSE, FrameReader, PING, PONG, TEXT, type Frame } from './frames.js'

const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='

/** The handshake of RFC 6455 §1.2, with fields replaced, added, or (null) left out. */
export function handshake(fields: Record<string, string | null> = {}, start = 'GET / HTTP/1.1'): string {
  const all: Record<string, string | null> = {
    'Host': 'localhost',
    'Upgrade': 'websocket',
    'Connection': 'Upgrade',
    'Sec-WebSocket-Key': KEY,
    'Sec-WebSocket-Version': '13',
    ...fields,
  }
  const lines = Object.entries(all).flatMap(([name, value]) => value === null ? [] : [`${name}: ${value}`])
  return [start, ...lines, '', ''].join('\r\n')
}

/** A description of a frame in one line. */
export function told({ opcode, payload, isFinal, reserved }: Frame): string {
  const flags = (isFinal ? '' : ' (goes on)') + (reserved === 0 ? '' : ` (reserved ${reserved})`)
  switch (opcode) {
    case TEXT: return `text ${payload.toString()}${flags}`
    case PING: return `ping ${payload.toString()}${flags}`
    case PONG: return `pong ${payload.toString()}${flags}`
    case CLOSE: return ['close', ...closeOf(payload)].join(' ')
    default: return `bytes ${payload.toString('hex')}${flags}`
  }
}

function closeOf(payload: Buffer): (string | number)[] {
  if (payload.length === 0) return []
  return payload.length === 2 ? [payload.readUInt16BE(0)] : [payload.readUInt16BE(0), payload.toString('utf8', 2)]
}

/** A socket with a WebSocket server at its other end. */
export class RawClient {
  readonly socket: Socket
  /** The head of the answer to the handshake. */
  readonly head: Promise<string>
  /** Fulfilled when the server has ended its side. */
  readonly ended: Promise<void>
  private readonly reader = new FrameReader()
  private readonly frames: Frame[] = []
  private answer = ''
  private hasAnswer = false
  private waiting: (() => void) | null = null

  constructor(port: number, request: string | Buffer = handshake()) {
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true })
    this.socket.on('error', () => undefined)
    this.socket.write(request)
    this.head = new Promise((resolve, reject) => {
      this.socket.on('data', (bytes: Buffer) => { this.receive(bytes, resolve) })
      this.socket.on('close', () => { reject(new Error(`no answer, only: ${this.answer}`)) })
    })
    this.ended = new Promise(resolve => { this.socket.on('end', resolve).on('close', () => { resolve() }) })
    this.head.catch(() => undefined)
  }

  /** Sends the pieces, each in its own write. */
  async send(...pieces: Uint8Array[]): Promise<void> {
    for (const piece of pieces) await new Promise(resolve => { this.socket.write(piece, resolve) })
  }

  /** Resolves with the next frame. */
  async frame(): Promise<Frame> {
    while (this.frames.length === 0) await new Promise<void>(resolve => { this.waiting = resolve })
    return this.frames.shift()!
  }

  /** Resolves with the next frames, described in lines. */
  async tell(count: number): Promise<string[]> {
    const lines: string[] = []
    while (lines.length < count) lines.push(told(await this.frame()))
    return lines
  }

  /** Resolves with all frames until the server ends, described in lines. */
  async story(): Promise<string[]> {
    await this.ended
    this.socket.destroy()
    return this.frames.splice(0).map(told)
  }

  private receive(bytes: Buffer, answered: (head: string) => void): void {
    if (this.hasAnswer) return this.take(bytes)
    this.answer += bytes.toString('latin1')
    const end = this.answer.indexOf('\r\n\r\n')
    if (end < 0) return
    this.hasAnswer = true
    answered(this.answer.slice(0, end))
    this.take(Buffer.from(this.answer.slice(end + 4), 'latin1'))
  }

  private take(bytes: Uint8Array): void {
    this.frames.push(...this.reader.read(bytes))
    const { waiting } = this
    this.waiting = null
    waiting?.()
  }
}
