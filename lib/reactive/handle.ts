/**
 * Turns the result of a handler into a response.
 *
 * Strategy: a plain reply goes straight to the core, without a subscription, a promise or a closure. A promise is
 * always awaited, even when the client is gone: then its reply is discarded and its failure reported. Anything else is
 * subscribed; its first emission is the reply, and it is unsubscribed then, or when the client leaves. Further values
 * that an Observable emits synchronously exist already, so they are received and discarded (their bodies may hold
 * resources).
 */
import { from, Subscriber, type ObservableInput } from 'rxjs'
import { discardReply, endSubscription } from '../application/discard.js'
import { NoResponseError } from '../errors.js'
import { isPromise } from '../thrown.js'
import { isSource, type Reply } from './reply.js'
import type { Handler, Reqd } from './streamed-reqd.js'

/** Calls the handler. Its exceptions are reported to the request descriptor. */
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

/** Whether the values may exist before they are asked for; a generator makes each on demand. */
function isMadeAtOnce(result: ObservableInput<unknown>): boolean {
  return Array.isArray(result) || !(Symbol.iterator in result)
}

/** How many emissions after the first are discarded; a source may be endless. */
const LATE_EMISSIONS = 1_000

/** Responds with the first emission, and discards those that a source emits synchronously after it. */
class FirstReply extends Subscriber<unknown> {
  private readonly reqd: Reqd
  private isAnswered: boolean
  /** Whether the source is being subscribed and its further synchronous emissions are discarded one by one. */
  private isTakingOn: boolean
  private lateEmissions: number

  constructor(reqd: Reqd, isTakingOn: boolean) {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- RxJS's own observer does not receive late values
    super()
    this.reqd = reqd
    this.isAnswered = false
    this.isTakingOn = isTakingOn
    this.lateEmissions = 0
  }

  /** The subscription is made: later emissions are not awaited. */
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
    if (!this.isTakingOn) endSubscription(this, error => { this.reqd.reportLate(error) })
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
