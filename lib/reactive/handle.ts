/**
 * From what a handler returns to a response.
 *
 * Strategy: a plain reply goes straight to the core: no subscription, no promise, no closure. Anything else is subscribed,
 * and its first emission is the reply; it is unsubscribed when that came, or when the client goes away.
 */
import { from, Subscriber, type ObservableInput } from 'rxjs'
import type { Handler, Reqd } from './reqd.js'
import { isReply, type Reply } from './reply.js'

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
    else subscribe(reqd, result)
  } catch (error) {
    reqd.reportExn(error)
  }
}

function subscribe(reqd: Reqd, result: ObservableInput<Reply | void>): void {
  const subscriber = new ReplySubscriber(reqd)
  reqd.feedBy(subscriber)
  from(result).subscribe(subscriber)
}

/** Takes the first reply. */
class ReplySubscriber extends Subscriber<Reply | void> {
  private readonly reqd: Reqd

  constructor(reqd: Reqd) {
    super()
    this.reqd = reqd
  }

  override next(reply: Reply | void): void {
    if (this.closed || reply === undefined) return
    this.unsubscribe()
    try {
      this.reqd.respond(reply)
    } catch (error) {
      this.reqd.reportExn(error)
    }
  }

  override error(error: unknown): void {
    if (this.closed) return
    this.unsubscribe()
    this.reqd.reportExn(error)
  }

  override complete(): void {
    if (this.closed) return
    this.unsubscribe()
    if (this.reqd.isWaiting) this.reqd.reportExn(new NoResponseError())
  }
}
