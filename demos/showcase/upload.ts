/**
 * An upload whose consumer's speed is set by a slider. `concatMap` reads nothing while a chunk is processed: the socket
 * is paused, TCP slows the browser down, and the server never holds more than one read.
 */
import { concat, count, defer, map, type Observable, tap, timer } from 'rxjs'
import type { Reply, Reqd } from 'httprx'
import type { ConnectionTraffic } from './traffic.js'
import type { Visit } from './visits.js'

/** The size of the largest read, in bytes: 64 KiB while the consumer is slow, 80 if the read contains the head. */
const BOUND = 80 * 1024
/** The longest delay until a change of the speed has an effect, in milliseconds. */
const STEP_MS = 50

/** Consumes the body, and responds when all of it was processed. */
export function upload(reqd: Reqd, visit: Visit, traffic: ConnectionTraffic): Observable<Reply> {
  const total = Number(reqd.headers.get('content-length') ?? 0)
  const head = headLength(reqd)
  const { speed$ } = visit
  let done = 0
  let peak = 0
  const held = (): number => Math.max(0, traffic.received - head - done)
  visit.upload = () => ({ total, done, held: held(), peak, bound: BOUND, isPaused: traffic.isPaused })

  return reqd.body
    .concatMap(chunk => {
      peak = Math.max(peak, held())
      return takeIn(chunk.length, speed$)
    })
    .pipe(
      tap(taken => { done += taken }),
      count(),
      map(() => ({ status: 204 })),
    )
}

/** Consumes `length` bytes at the current speed, and emits the number of bytes of each step. */
function takeIn(length: number, speed$: Visit['speed$']): Observable<number> {
  const speed = speed$.value / 1_000
  const step = Math.min(length, Math.ceil(speed * STEP_MS))
  const taken$ = timer(step / speed).pipe(map(() => step))
  return step === length ? taken$ : concat(taken$, defer(() => takeIn(length - step, speed$)))
}

/** Returns the length of the head as a browser writes it, which the connection received before the body. */
function headLength({ method, target, headers }: Reqd): number {
  return `${method} ${target} HTTP/1.1\r\n${headers.toString()}\r\n`.length
}
