/**
 * `handleEach`: the handler as an operator, for the requests of `listen`.
 *
 * Strategy: what fails belongs to one request, so it becomes that request's response and never the error of the
 * pipeline. A request is over when its exchange is; one whose client left while it waited is not begun. Who
 * unsubscribes stops neither what is handled nor what waits: the server closes when that is answered.
 */
import { Observable, type MonoTypeOperatorFunction } from 'rxjs'
import { ValueQueue } from '../buffer/value-queue.js'
import { checkOptions, checkValue, FUNCTION, SIZE } from '../connection/option-check.js'
import { handle } from './handle.js'
import type { Handler, Reqd } from './streamed-reqd.js'

/** How requests are handled. */
export interface HandleEachOptions {
  /** How many are handled at once; more wait, in order. No limit unless given. */
  readonly concurrent?: number
}

/**
 * Returns the operator that handles each request by itself and emits it when its exchange is over. What the handler
 * throws becomes the response; when the client goes away, what the handler returned is unsubscribed.
 *
 * @throws {@link LocalProtocolError} badRange, badOption: no handler, or a number that is none
 *
 * @example
 * listen({ port: 8080 }).pipe(mergeMap(({ requests$ }) => requests$), handleEach(() => ({ body: 'Hi' }))).subscribe()
 */
export function handleEach(handler: Handler, options: HandleEachOptions = {}): MonoTypeOperatorFunction<Reqd> {
  checkValue('the handler', handler, FUNCTION)
  checkOptions(options, { concurrent: SIZE })
  const { concurrent = Infinity } = options
  return source => new Observable<Reqd>(subscriber => {
    const waiting = new ValueQueue<Reqd>()
    let [active, isComplete] = [0, false]
    const finish = (reqd: Reqd): void => {
      active--
      subscriber.next(reqd)
      if (waiting.length > 0) begin(waiting.shift())
      else if (isComplete && active === 0) subscriber.complete()
    }
    const begin = (reqd: Reqd): void => {
      active++
      if (reqd.isWaiting) handle(reqd, handler)
      reqd.aborted$.subscribe({ complete: () => { finish(reqd) } })
    }
    return source.subscribe({
      next: reqd => {
        if (active < concurrent) begin(reqd)
        else waiting.push(reqd)
      },
      error: error => { subscriber.error(error) },
      complete: () => {
        isComplete = true
        if (active === 0) subscriber.complete()
      },
    })
  })
}
