/**
 * The messages as Observables: as they come, or each projected.
 */
import { from, takeWhile, type Observable, type ObservableInput, type Subscriber } from 'rxjs'
import { currentContext } from '../reactive/context.js'
import { GuardedObservable, type Report } from '../reactive/guarded.js'
import type { Inbox, MessageTaker } from './inbox.js'
import type { WebSocketMessage } from './message.js'

/** The messages; each counts as taken when the subscriber has returned. */
export function messagesOf(inbox: Inbox, report: Report): Observable<WebSocketMessage> {
  return new GuardedObservable(subscriber => {
    const taker: MessageTaker = {
      take: message => {
        subscriber.next(message)
        inbox.taken(taker)
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
    const run = (message: WebSocketMessage): void => {
      subscriber.add(from(project(message, index++)).pipe(takeWhile(() => !subscriber.closed)).subscribe({
        next: value => { subscriber.next(value) },
        error: fail,
        complete: () => { inbox.taken(taker) },
      }))
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
