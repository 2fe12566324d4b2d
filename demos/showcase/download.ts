/**
 * A download whose reader can be paused. The producer is asked by `ready$` and by nothing else: when the browser stops
 * reading, TCP fills up, the demand ends, and so does the producer.
 */
import { finalize, map, takeWhile, tap } from 'rxjs'
import type { Reply } from 'httprx'
import type { ConnectionTraffic } from './traffic.js'
import type { Visit } from './visits.js'

const TOTAL = 256 * 1024 * 1024
/** What may wait in the server, in bytes. */
const BOUND = 64 * 1024
/** A producer that was not asked for this long stands still. */
const STILL_MS = 300

const SAMPLE = new Uint8Array(BOUND).map((_, index) => index)

/** 256 MiB, made as they are wanted. */
export function download(visit: Visit, traffic: ConnectionTraffic): Reply {
  let done = 0
  let peak = 0
  let askedAt = Date.now()
  /** What was held, and sent, when bytes were last made. */
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
      // Who leaves early gets nothing more: what was held for him is gone.
      finalize(() => { if (done < TOTAL) made = { held: 0, sent: traffic.sent } }),
    ),
  }
}
