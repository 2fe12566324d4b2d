/**
 * The server's metrics, as a stream that all pages share.
 */
import { interval, map, type Observable, scan, share } from 'rxjs'
import type { Traffic } from './traffic.js'

/** The state of the server at a moment. */
export interface Figures {
  /** In bytes a second, over the last second. */
  readonly received: number
  readonly sent: number
  readonly connections: number
  readonly requests: number
  readonly pauses: number
  /** The resident memory of the process, in bytes. */
  readonly memory: number
}

const PERIOD_MS = 250
const PERIODS = 4

/** Emits the metrics four times a second, while there is a subscriber. */
export function figuresOf(traffic: Traffic): Observable<Figures> {
  return interval(PERIOD_MS).pipe(
    map(() => ({ received: traffic.received, sent: traffic.sent })),
    scan<Totals, Totals[]>((totals, latest) => [...totals, latest].slice(-1 - PERIODS), []),
    map(totals => {
      const { connections, requests, pauses } = traffic
      return { ...ratesOf(totals), connections, requests, pauses, memory: process.memoryUsage.rss() }
    }),
    share(),
  )
}

interface Totals {
  readonly received: number
  readonly sent: number
}

/** Returns the increase from the first to the last sample, a second. */
function ratesOf(totals: readonly Totals[]): Totals {
  const [first, last] = [totals[0], totals[totals.length - 1]]
  const seconds = Math.max(1, totals.length - 1) * PERIOD_MS / 1_000
  return {
    received: Math.round((last.received - first.received) / seconds),
    sent: Math.round((last.sent - first.sent) / seconds),
  }
}
