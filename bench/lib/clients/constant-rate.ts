/**
 * A client that sends requests at a constant rate, independent of the responses, and measures the time of each
 * response.
 *
 * Strategy: against coordinated omission. A client that sends a request when the last one was answered sends none
 * while the server is busy with something else, so that a pause of a second is one slow response, not a thousand. Here
 * only a timer decides when a request is due, and the time of the request begins then. It uses any idle connection; a
 * wait for one is part of its time. The delay of the timer itself is reported separately, and is not part of a
 * request's time, because the server does not cause it.
 */
import type { Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { head, open, openMany } from './sockets.js'

const REQUEST = head('GET', '/')
/** The end of each response. */
const END = '!'.charCodeAt(0)
/** The longest wait for the last responses. */
const PATIENCE_MS = 10_000

/** The measured times, in milliseconds. */
export interface RateResult {
  /** The time of each request. */
  readonly times: readonly number[]
  /** The delay of the client's own timer at each request. */
  readonly lateness: readonly number[]
}

export async function askAtRate(port: number, words: readonly string[]): Promise<RateResult> {
  const [rate, seconds, connections] = words.map(Number)
  const times: number[] = []
  const lateness: number[] = []
  /** The due times of the requests that wait for a connection. */
  const waiting: number[] = []
  const idle: Socket[] = []
  const serve = (due: number): void => {
    const socket = idle.pop()
    if (socket === undefined) return void waiting.push(due)
    socket.write(REQUEST)
    socket.once('data', bytes => {
      if (bytes.at(-1) !== END) throw new Error(`the server answered:\n${bytes.toString('latin1')}`)
      times.push(performance.now() - due)
      idle.push(socket)
      const next = waiting.shift()
      if (next !== undefined) serve(next)
    })
  }
  idle.push(...await openMany(connections, () => open(port)))
  const total = rate * seconds
  const began = performance.now()
  for (let asked = 0; asked < total;) {
    const planned = began + asked / rate * 1000
    await setTimeout(Math.max(1, planned - performance.now()))
    const now = performance.now()
    lateness.push(Math.max(0, now - planned))
    for (; asked < total && began + asked / rate * 1000 <= now; asked++) serve(now)
  }
  for (let left = PATIENCE_MS; times.length < total && left > 0; left -= 10) await setTimeout(10)
  if (times.length < total) throw new Error(`${total - times.length} requests were not answered`)
  return { times, lateness }
}
