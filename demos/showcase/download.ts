/**
 * A download whose reader can be paused. `ready$` alone drives the producer: when the browser stops reading, TCP's
 * buffers fill, demand stops, and the producer stops with it.
 */
import { finalize, map, takeWhile, tap } from 'rxjs'
import type { Reply } from 'httprx'
import type { ConnectionTraffic } from './traffic.js'
import type { Visit } from './visits.js'

const TOTAL = 256 * 1024 * 1024
/** The high-water mark in bytes. */
const BOUND = 64 * 1024
/** A producer without demand for this long counts as stopped, in milliseconds. */
const STILL_MS = 300

const SAMPLE = new Uint8Array(BOUND).map((_, index) => index)

/** Produces 256 MiB on demand. */
export function download(visit: Visit, traffic: ConnectionTraffic): Reply {
  let done = 0
  let peak = 0
  let askedAt = Date.now()
  /** The held and sent bytes when bytes were last produced. */
  let made = { held: 0, sent: 0 }
  const held = (): number => Math.max(0, made.held - (traffic.sent - made.sent))
  visit.download = () => ({
    total: TOTAL, done, held: held(), peak, bound: BOUND, isPaused: Date.now() - askedAt > STILL_MS,
  })

  return {
    headers: { 'content-type': 'application/octet-stream', 'content-length': TOTAL, 'cache-control': 'no-store' },
    highWaterMark: BOUND,
    body: ready$ => ready$.pipe(
      map(wanted => ({ waiting: BOUND - wanted, chunk: SAMPLE.subarray(0, Math.min(wanted, TOTAL - done)) })),
      tap(({ waiting, chunk }) => {
        askedAt = Date.now()
        done += chunk.length
        made = { held: waiting + chunk.length, sent: traffic.sent }
        peak = Math.max(peak, made.held)
      }),
      map(({ chunk }) => chunk),
      takeWhile(() => done < TOTAL, true),
      // After an early departure nothing is held for the client.
      finalize(() => { if (done < TOTAL) made = { held: 0, sent: traffic.sent } }),
    ),
  }
}
