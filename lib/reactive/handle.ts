/**
 * From what a handler returns to a response.
 *
 * Strategy: a plain reply goes straight to the core: no subscription, no promise, no closure. A promise is waited for
 * to its end, also when the client is gone: what it brings then is discarded, and what it fails with is reported.
 * Anything else is subscribed, and its first emission is the reply; it is unsubscribed when that came, or when the
 * client goes away. What an Observable emits within the subscription was made already, so it is taken and discarded.
 */
import { from, Subscriber, type ObservableInput } from 'rxjs'
import { discardReply, isPromise } from '../application/discard.js'
import { NoResponseError } from '../errors.js'
import { isSource, type Reply } from './reply.js'
import type { Handler, Reqd } from './streamed-reqd.js'

/** Lets the handler handle the request. What it throws is reported to the request descriptor. */
export function handle(reqd: Reqd, handler: Handler): void {
  try {
    const result = handler(reqd)
    if (result !== undefined) accept(reqd, result)
  } catch (error) {
    reqd.reportExn(error)
  }
}

function accept(reqd: Reqd, result: unknown): void {
  if (isPromise(result)) awaitReply(reqd, result)
  else if (isSource(result)) subscribe(reqd, result)
  else respond(reqd, result)
}

function awaitReply(reqd: Reqd, promise: PromiseLike<unknown>): void {
  promise.then(reply => {
    if (reply !== undefined) respond(reqd, reply)
    else endWithout(reqd)
  }, (error: unknown) => { reqd.reportExn(error) })
}

function subscribe(reqd: Reqd, result: ObservableInput<unknown>): void {
  const subscriber = new FirstReply(reqd, isMadeAtOnce(result))
  reqd.feedBy(subscriber)
  from(result).subscribe(subscriber)
  subscriber.subscribed()
}

/** Whether values may be there before they are asked for: a generator makes each when it is. */
function isMadeAtOnce(result: ObservableInput<unknown>): boolean {
  return Array.isArray(result) || !(Symbol.iterator in result)
}

/** How many emissions are taken behind the first: a source may have no end. */
const LATE_EMISSIONS = 1_000

/** Responds with the first emission. What a source emits behind it, since it does not look whether it may, is ended. */
class FirstReply extends Subscriber<unknown> {
  private readonly reqd: Reqd
  private isAnswered: boolean
  /** Whether the source is being subscribed, and taken on for what it has made. */
  private isTakingOn: boolean
  private lateEmissions: number

  constructor(reqd: Reqd, isTakingOn: boolean) {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- an observer of RxJS's own is told of no late values
    super()
    this.reqd = reqd
    this.isAnswered = false
    this.isTakingOn = isTakingOn
    this.lateEmissions = 0
  }

  /** What comes from now on is not waited for. */
  subscribed(): void {
    this.isTakingOn = false
    if (this.isAnswered) this.stop()
  }

  override next(reply: unknown): void {
    if (this.isAnswered || this.closed) return this.discard(reply)
    this.isAnswered = true
    if (reply === undefined) endWithout(this.reqd)
    else respond(this.reqd, reply)
    this.stop()
  }

  override error(error: unknown): void {
    if (this.isAnswered || this.closed) return this.reqd.reportLate(error)
    this.isAnswered = true
    this.reqd.reportExn(error)
    this.stop()
  }

  override complete(): void {
    if (this.isAnswered || this.closed) return
    this.isAnswered = true
    endWithout(this.reqd)
    this.stop()
  }

  private discard(reply: unknown): void {
    discardReply(reply, error => { this.reqd.reportLate(error) })
    if (++this.lateEmissions === LATE_EMISSIONS) this.subscribed()
  }

  private stop(): void {
    if (this.isTakingOn) return
    try {
      this.unsubscribe()
    } catch (error) {
      this.reqd.reportLate(error)
    }
  }
}

function endWithout(reqd: Reqd): void {
  if (reqd.isWaiting) reqd.reportExn(new NoResponseError())
}

function respond(reqd: Reqd, reply: unknown): void {
  try {
    reqd.respond(reply as Reply)
  } catch (error) {
    reqd.reportExn(error)
  }
}
