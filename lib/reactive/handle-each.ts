/**
 * `handleEach`: the handler as an operator, for the requests of `listen`.
 *
 * Strategy: a failure belongs to one request, so it becomes that request's response and never an error of the pipeline.
 * A request is emitted when its exchange is over; one whose client left while it was queued is not handled.
 * Unsubscribing stops neither requests in flight nor queued ones: the server closes when they are answered.
 */
import { Observable, type MonoTypeOperatorFunction } from 'rxjs'
import { ValueQueue } from '../buffer/value-queue.js'
import { checkOptions, checkValue, FUNCTION, SIZE } from '../connection/option-check.js'
import { handle } from './handle.js'
import type { Handler, Reqd } from './streamed-reqd.js'

/** The options of {@link handleEach}. */
export interface HandleEachOptions {
  /** How many requests are handled concurrently; the others queue, in order. Default: no limit. */
  readonly concurrent?: number
}

/**
 * Returns an operator that handles each request on its own and emits it when its exchange is over. An exception of the
 * handler becomes the response; when the client leaves, the handler's result is unsubscribed.
 *
 * @throws {@link LocalProtocolError} badRange, badOption: the handler is not a function, or `concurrent` is invalid
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
