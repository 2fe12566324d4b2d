/**
 * The messages of the client as Observables: plain, or each projected to an Observable.
 *
 * Strategy: a message counts as taken when its subscriber is done with it, and has demand (demand/pace.ts) if it
 * offered that, as another connection's `send` does: so the messages of a fast client that wait for a slow one are
 * bounded.
 */
import type { Observable, ObservableInput, Subscriber } from 'rxjs'
import { currentContext } from '../application/context.js'
import { GuardedObservable, type Report } from '../application/guarded-observable.js'
import { Pace } from '../demand/pace.js'
import type { Inbox, MessageTaker } from './inbox.js'
import type { WebSocketMessage } from './message.js'

/** Returns the messages; each counts as taken when the subscriber has returned. */
export function messagesOf(inbox: Inbox, report: Report): Observable<WebSocketMessage> {
  return new GuardedObservable(subscriber => {
    const pace = new Pace(subscriber, () => { inbox.taken(taker) })
    const taker: MessageTaker = {
      take: message => {
        pace.give(message)
        pace.next()
      },
      end: () => { pace.complete() },
    }
    attach(inbox, taker, subscriber)
  }, report)
}

/** Projects a message to an Observable, a promise or an iterable. */
export type ProjectMessage<R> = (message: WebSocketMessage, index: number) => ObservableInput<R>

/** Returns the values of the projections; a message counts as taken when its projection has completed. */
export function projectionsOf<R>(inbox: Inbox, project: ProjectMessage<R>, report: Report): Observable<R> {
  return new GuardedObservable<R>(subscriber => {
    const context = currentContext()
    let index = 0
    // Detached first: a handler of the error may subscribe again.
    const fail = (error: unknown): void => {
      inbox.detach(taker)
      subscriber.error(error)
    }
    const pace = new Pace(subscriber, () => { inbox.taken(taker) })
    const taker: MessageTaker = {
      take: message => {
        try {
          context.runInAsyncScope(() => { pace.giveAll(project(message, index++), fail) })
        } catch (error) {
          fail(error)
        }
      },
      end: () => { pace.complete() },
    }
    attach(inbox, taker, subscriber)
  }, report)
}

/** The teardown is added first: the subscriber may unsubscribe at the message that waited. */
function attach(inbox: Inbox, taker: MessageTaker, subscriber: Subscriber<never>): void {
  subscriber.add(() => { inbox.detach(taker) })
  inbox.attach(taker)
}
