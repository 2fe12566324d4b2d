/**
 * The sockets of all clients: opening many, writing with backpressure, reading at a rate, counting.
 */
import { connect, type OnReadOpts, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { setTimeout } from 'node:timers/promises'

/** The number of connections opened at once, less than the backlog of a server. */
const BATCH = 100

/** Opens a connection. If the server closes it, the process ends with an error. */
export function open(port: number, onread?: OnReadOpts): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true, ...onread && { onread } })
    socket.once('connect', () => { resolve(socket) })
    socket.on('error', reject)
    socket.on('close', () => { throw new Error('the server closed a connection') })
  })
}

/** Opens a connection over TLS; TLS sockets do not reuse a read buffer. */
export function openTls(port: number, receive: (bytes: Buffer) => void): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
    socket.setNoDelay().once('secureConnect', () => { resolve(socket) })
    socket.on('error', reject).on('data', receive)
  })
}

/** Opens `count` sockets, a batch at a time; each is used as soon as its batch is open. */
export async function openMany(count: number, openOne: () => Promise<Socket>): Promise<Socket[]> {
  const sockets: Socket[] = []
  while (sockets.length < count) {
    const size = Math.min(BATCH, count - sockets.length)
    sockets.push(...await Promise.all(Array.from({ length: size }, openOne)))
  }
  return sockets
}

/** Head of a request; `fields` are lines without their ends. */
export function head(method: string, path: string, ...fields: string[]): string {
  return [`${method} ${path} HTTP/1.1`, 'Host: bench', ...fields, '', ''].join('\r\n')
}

/** Returns by how many milliseconds a number of bytes is ahead of a rate since the start of the clock. */
export class Pace {
  private readonly began = process.hrtime.bigint()
  private readonly rate: number

  constructor(rate: number) {
    this.rate = rate
  }

  /** The time until a number of bytes is due. */
  wait(bytes: number): number {
    return bytes / this.rate * 1000 - Number(process.hrtime.bigint() - this.began) / 1e6
  }
}

/** Writes a piece `count` times, each when there is room for it and, with a pace, when it is due. */
export async function pour(socket: Socket, piece: Uint8Array, count: number, pace?: Pace): Promise<void> {
  for (let sent = 0; sent < count; sent++) {
    const waitMs = pace?.wait(sent * piece.length) ?? 0
    if (waitMs > 0) await setTimeout(waitMs)
    if (!socket.write(piece)) await new Promise(resolve => socket.once('drain', resolve))
  }
}

/** Counts the bytes that arrive on a socket, and reads on when that is due. */
export function readAt(pace: Pace, socket: Socket, receive: (bytes: Buffer) => void): void {
  let received = 0
  socket.on('data', bytes => {
    receive(bytes)
    received += bytes.length
    const waitMs = pace.wait(received)
    if (waitMs <= 0) return
    socket.pause()
    globalThis.setTimeout(() => socket.resume(), waitMs)
  })
}

/** Answers each message of the benchmark with the progress of the client. */
export function whenAsked(progress: () => object): void {
  process.on('message', () => { process.send?.(progress()) })
}

/** Returns the number of seconds that have passed. */
export function secondsSince(start: bigint): number {
  return Number(process.hrtime.bigint() - start) / 1e9
}
