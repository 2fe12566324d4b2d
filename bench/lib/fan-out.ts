/**
 * One event to many clients: the events and their times, the same for all servers.
 */

/** How many clients there are. */
export const CLIENTS = 300

/** How many events a scenario has in one turn of the event loop, and how often, in milliseconds. */
const RHYTHMS: Readonly<Record<string, readonly [perTurn: number, intervalMs: number]>> = {
  // Two servers on one core must keep up.
  'events-1': [1, 20], 'events-10': [10, 20], 'messages-1': [1, 20], 'messages-10': [10, 20],
  'events-silent': [0, 0], 'messages-silent': [0, 0],
  // Of 4 KiB each, compressed. A server that compresses for each client must keep up, too.
  'messages-deflated': [1, 200],
  // One kind of load among others.
  'events-mixed': [1, 100],
}

/** How many quotes a compressed message has. */
const QUOTES = 48

/** One event. */
export interface Quote {
  readonly id: string
  /** JSON with one `}`, which clients count; several, if it is compressed. */
  readonly data: string
}

/** Publishes as the scenario says, from now on. */
export function publishing(scenario: string, publish: (quote: Quote) => void): void {
  const [perTurn, intervalMs] = RHYTHMS[scenario]
  if (perTurn === 0) return
  const make = isDeflated(scenario) ? listOf : quoteOf
  let count = 0
  setInterval(() => {
    for (let left = perTurn; left > 0; left--) publish(make(++count))
  }, intervalMs)
}

function quoteOf(count: number): Quote {
  const data = { symbol: 'RXJS', price: 100 + count % 100, volume: count, exchange: 'loopback', currency: 'EUR' }
  return { id: String(count), data: JSON.stringify(data) }
}

/** Many quotes in one. */
function listOf(count: number): Quote {
  const list = Array.from({ length: QUOTES }, (_, index) => quoteOf(count * QUOTES + index).data)
  return { id: String(count), data: `[${list.join()}]` }
}

/** Whether messages are compressed, where the client can. */
export function isDeflated(scenario: string): boolean {
  return scenario.endsWith('deflated')
}

/** Whether the scenario is one of WebSockets. */
export function isMessages(scenario: string): boolean {
  return scenario.startsWith('messages')
}

/** Whether the scenario is one of those here. */
export function isFanOut(scenario: string): boolean {
  return scenario in RHYTHMS
}
