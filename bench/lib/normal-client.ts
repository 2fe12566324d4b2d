/**
 * Clients with normal behaviour: one repeats a request, to show whether it is served as usual; another reads an
 * endless response.
 */
import { Agent, get } from 'node:http'
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { quantile } from './statistics.js'

/** The response times, in milliseconds. */
export interface Times {
  readonly median: number
  readonly p99: number
}

/** Sends requests over one connection for a number of seconds, with pauses between them. */
export async function askAgainAndAgain(port: number, seconds: number): Promise<Times> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const times: number[] = []
  for (const end = Date.now() + seconds * 1000; Date.now() < end;) {
    await setTimeout(2)
    const start = process.hrtime.bigint()
    await fetchText(port, '/', agent)
    times.push(Number(process.hrtime.bigint() - start) / 1e6)
  }
  agent.destroy()
  times.sort((a, b) => a - b)
  return { median: quantile(times, 0.5), p99: quantile(times, 0.99) }
}

/** Reads a response as fast as possible for a number of seconds, and leaves. */
export async function readFor(port: number, path: string, seconds: number): Promise<void> {
  const request = get({ port, host: '127.0.0.1', path })
  request.on('error', () => undefined).on('response', response => { response.on('error', () => undefined).resume() })
  await setTimeout(seconds * 1000)
  request.destroy()
}

/** Returns the body of one response. */
export async function fetchText(port: number, path: string, agent = new Agent()): Promise<string> {
  const request = get({ port, host: '127.0.0.1', path, agent })
  const [response] = await once(request, 'response') as [AsyncIterable<Uint8Array>]
  let text = ''
  for await (const bytes of response) text += Buffer.from(bytes).toString('latin1')
  return text
}
