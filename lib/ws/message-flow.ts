/**
 * The messages as Observables: as they come, or each projected.
 *
 * Strategy: who subscribes may offer its demand (offer.ts), as another connection's `send` does. Then a message counts
 * as taken only when something is wanted again: so what a slow client gets of another client's messages is bounded.
 */
import { takeWhile, type Observable, type ObservableInput, type Subscriber } from 'rxjs'
import { currentContext } from '../application/context.js'
import { GuardedObservable, type Report } from '../application/guarded-observable.js'
import { fromInput } from '../demand/from-source.js'
import { giveNext, offering, Pace } from '../demand/offer.js'
import type { Inbox, MessageTaker } from './inbox.js'
import type { WebSocketMessage } from './message.js'

/** The messages; each counts as taken when the subscriber has returned. */
export function messagesOf(inbox: Inbox, report: Report): Observable<WebSocketMessage> {
  return new GuardedObservable(subscriber => {
    const pace = new Pace(subscriber, () => { inbox.taken(taker) })
    const taker: MessageTaker = {
      take: message => {
        giveNext(pace.offer, subscriber, message)
        pace.next()
      },
      end: () => { subscriber.complete() },
    }
    attach(inbox, taker, subscriber)
  }, report)
}

/** What a message is projected to. */
export type ProjectMessage<R> = (message: WebSocketMessage, index: number) => ObservableInput<R>

/** The values of what messages are projected to; each counts as taken when its Observable has completed. */
export function projectionsOf<R>(inbox: Inbox, project: ProjectMessage<R>, report: Report): Observable<R> {
  return new GuardedObservable<R>(subscriber => {
    const context = currentContext()
    let index = 0
    // Detached first: who hears of the error may subscribe again.
    const fail = (error: unknown): void => {
      inbox.detach(taker)
      subscriber.error(error)
    }
    const pace = new Pace(subscriber, () => { inbox.taken(taker) })
    const run = (message: WebSocketMessage): void => {
      const values$ = fromInput(project(message, index++)).pipe(takeWhile(() => !subscriber.closed))
      subscriber.add(offering(pace.offer, () => values$.subscribe({
        next: value => { giveNext(pace.offer, subscriber, value) },
        error: fail,
        complete: () => { pace.next() },
      })))
    }
    const taker: MessageTaker = {
      take: message => {
        try {
          context.runInAsyncScope(() => { run(message) })
        } catch (error) {
          fail(error)
        }
      },
      end: () => { subscriber.complete() },
    }
    attach(inbox, taker, subscriber)
  }, report)
}

/** The teardown comes first: a subscriber may have enough with the message that waited. */
function attach(inbox: Inbox, taker: MessageTaker, subscriber: Subscriber<never>): void {
  subscriber.add(() => { inbox.detach(taker) })
  inbox.attach(taker)
}
