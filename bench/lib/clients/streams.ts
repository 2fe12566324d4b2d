/**
 * Clients of endless streams, including clients that never read.
 */
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { quantile } from '../statistics.js'
import { EndCount, FrameCount, type Count } from './counts.js'
import { head, open, openMany, whenAsked } from './sockets.js'

const UPGRADE = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==']
const HANDSHAKE = head('GET', '/', ...UPGRADE)
const DEFLATED_HANDSHAKE = head('GET', '/', ...UPGRADE, 'Sec-WebSocket-Extensions: permessage-deflate')
const MESSAGE = 'x'.repeat(64)

/** The progress of clients. */
export interface Progress {
  /** The number of received events. */
  readonly count: number
  /** The time, on the clock of the clients. */
  readonly ms: number
}

export function events(port: number, [path, connections]: readonly string[]): Promise<object> {
  return countEvents(port, head('GET', path), Number(connections))
}

export function messages(port: number, [connections]: readonly string[]): Promise<object> {
  return countEvents(port, HANDSHAKE, Number(connections))
}

export function deflatedMessages(port: number, [connections]: readonly string[]): Promise<object> {
  return countEvents(port, DEFLATED_HANDSHAKE, Number(connections), () => new FrameCount())
}

async function countEvents(
  port: number, request: string, connections: number, makeCount: () => Count = () => new EndCount(),
): Promise<Progress> {
  const progress = await openCounting(port, request, connections, makeCount)
  whenAsked(progress)
  return progress()
}

/** Opens connections whose events are counted. No input is kept, so that one buffer is enough for all. */
async function openCounting(
  port: number, request: string, connections: number, makeCount: () => Count,
): Promise<() => Progress> {
  const buffer = Buffer.alloc(64 * 1024)
  let count = 0
  await openMany(connections, async () => {
    let opened = (): void => undefined
    const first = new Promise<void>(resolve => { opened = resolve })
    const counting = makeCount()
    const socket = await open(port, { buffer, callback: length => {
      opened()
      count += counting.add(buffer.subarray(0, length))
      return true
    } })
    socket.write(request)
    await first
    return socket
  })
  return () => ({ count, ms: performance.now() })
}

/** Each event contains the time of its publication; measured is the time from then until its client receives it. */
export async function timedEvents(port: number, words: readonly string[]): Promise<object> {
  const [connections, seconds] = words.map(Number)
  const buffer = Buffer.alloc(64 * 1024)
  let times: number[] = []
  const sockets = await openMany(connections, () => open(port, { buffer, callback: length => {
    const text = buffer.toString('latin1', 0, length)
    const now = Number(process.hrtime.bigint()) / 1e6
    for (const [, at] of text.matchAll(/"at":([\d.]+)/g)) times.push(now - Number(at))
    return true
  } }))
  for (const socket of sockets) socket.write(head('GET', '/'))
  await setTimeout(2_000)
  times = []
  await setTimeout(seconds * 1_000)
  const sorted = times.sort((a, b) => a - b)
  const [median, p99, most] = [0.5, 0.99, 1].map(part => quantile(sorted, part))
  return { count: sorted.length, median, p99, most }
}

export async function webSockets(port: number, words: readonly string[]): Promise<object> {
  const [connections, seconds] = words.map(Number)
  let count = 0
  const sockets = await Promise.all(Array.from({ length: connections }, async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`, { perMessageDeflate: false })
    socket.on('message', () => {
      count++
      socket.send(MESSAGE)
    })
    await once(socket, 'open')
    return socket
  }))
  for (const socket of sockets) socket.send(MESSAGE)
  await setTimeout(seconds * 1000)
  for (const socket of sockets) socket.terminate()
  return { units: count, seconds, p99Ms: NaN }
}

/** A server may cut these connections. */
export async function deaf(port: number, [count, path = '/endless']: readonly string[]): Promise<object> {
  for (let left = Number(count); left > 0; left--) {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.on('error', () => undefined)
    await once(socket, 'connect')
    socket.pause()
    socket.write(head('GET', path))
  }
  return { count }
}
