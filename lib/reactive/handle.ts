/**
 * From what a handler returns to a response.
 *
 * Strategy: a plain reply goes straight to the core: no subscription, no promise, no closure. Anything else is
 * subscribed, and its first emission is the reply; it is unsubscribed when that came, or when the client goes away.
 */
import { from, Subscription, take, type ObservableInput, type Observer } from 'rxjs'
import type { Handler, Reqd } from './reqd.js'
import { isReply, noReply, type Reply } from './reply.js'

/** The handler finished and there is no response. The client gets 500. */
export class NoResponseError extends Error {
  override readonly name = 'NoResponseError'
  constructor() {
    super('the handler completed without a response')
  }
}

/** Lets the handler handle the request. What it throws is reported to the request descriptor. */
export function handle(reqd: Reqd, handler: Handler): void {
  try {
    const result = handler(reqd)
    if (result === undefined) return
    if (isReply(result)) reqd.respond(result)
    else subscribe(reqd, result as ObservableInput<Reply | undefined>)
  } catch (error) {
    reqd.reportExn(error)
  }
}

function subscribe(reqd: Reqd, result: ObservableInput<Reply | undefined>): void {
  const observer: Observer<Reply | undefined> = {
    next: reply => { if (reply !== undefined) respond(reqd, reply) },
    error: (error: unknown) => { reqd.reportExn(error) },
    complete: () => { if (reqd.isWaiting) reqd.reportExn(new NoResponseError()) },
  }
  const subscription = new Subscription()
  reqd.feedBy(subscription)
  subscription.add(from(result).pipe(take(1)).subscribe(observer))
}

function respond(reqd: Reqd, reply: Reply): void {
  try {
    if (!isReply(reply)) throw noReply()
    reqd.respond(reply)
  } catch (error) {
    reqd.reportExn(error)
  }
}
