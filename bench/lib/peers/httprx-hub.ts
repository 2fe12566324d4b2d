/**
 * httprx with a `Hub`: `hub <bytes> <events a second>` publishes events of that size, each in its own turn, with the
 * time of its publication; at a rate of 0, the next one when every client has room for it. The history is full before
 * the first client arrives, so that a client of `/all` has much to read.
 */
import { setImmediate } from 'node:timers/promises'
import { serve } from 'httprx'
import { Hub } from 'httprx/hub'
import { sse } from 'httprx/sse'
import type { Scenario } from '../scenario.js'

const HISTORY = 1_000
const OLD_BYTES = 16 * 1024

interface Timed {
  /** The time of publication on the machine's clock, in milliseconds; 0 for events of the history. */
  readonly at: number
  readonly padding: string
}

const hub = new Hub<Timed>({ history: HISTORY })
const OVERFLOW = { paced: 'gap', free: 'wait' } as const

function now(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

export async function start(scenario: Scenario): Promise<number> {
  const [bytes, rate] = scenario.split(' ').slice(1).map(Number)
  const padding = 'x'.repeat(bytes)
  const old = { at: 0, padding: 'x'.repeat(rate > 0 ? OLD_BYTES : 0) }
  const first = hub.publish(old)
  for (let count = 1; count < HISTORY; count++) hub.publish(old)
  const overflow = OVERFLOW[rate > 0 ? 'paced' : 'free']
  const server = await serve(
    reqd => sse(hub.subscribe({ overflow, after: reqd.target === '/all' ? first : null })), { host: '127.0.0.1' },
  ).listening
  if (rate > 0) setInterval(() => { hub.publish({ at: now(), padding }) }, 1_000 / rate)
  else void publishOn(padding)
  return (server.address as { port: number }).port
}

async function publishOn(padding: string): Promise<void> {
  for (;;) {
    await setImmediate()
    if (hub.size > 0) await hub.publishWhenReady({ at: now(), padding })
  }
}
