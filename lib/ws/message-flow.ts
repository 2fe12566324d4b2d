/**
 * The messages as Observables: as they come, or each projected.
 */
import { from, Observable, takeWhile, type ObservableInput, type Subscriber } from 'rxjs'
import type { Inbox, MessageTaker } from './inbox.js'
import type { WebSocketMessage } from './message.js'

/** The messages; each counts as taken when the subscriber has returned. */
export function messagesOf(inbox: Inbox): Observable<WebSocketMessage> {
  return new Observable(subscriber => {
    const taker: MessageTaker = {
      take: message => {
        subscriber.next(message)
        inbox.taken(taker)
      },
      end: () => { subscriber.complete() },
    }
    attach(inbox, taker, subscriber)
  })
}

/** What a message is projected to. */
export type ProjectMessage<R> = (message: WebSocketMessage, index: number) => ObservableInput<R>

/** The values of what messages are projected to; each counts as taken when its Observable has completed. */
export function projectionsOf<R>(inbox: Inbox, project: ProjectMessage<R>): Observable<R> {
  return new Observable<R>(subscriber => {
    let index = 0
    // Detached first: who hears of the error may subscribe again.
    const fail = (error: unknown): void => {
      inbox.detach(taker)
      subscriber.error(error)
    }
    const taker: MessageTaker = {
      take: message => {
        try {
          subscriber.add(from(project(message, index++)).pipe(takeWhile(() => !subscriber.closed)).subscribe({
            next: value => { subscriber.next(value) },
            error: fail,
            complete: () => { inbox.taken(taker) },
          }))
        } catch (error) {
          fail(error)
        }
      },
      end: () => { subscriber.complete() },
    }
    attach(inbox, taker, subscriber)
  })
}

/** The teardown comes first: a subscriber may have enough with the message that waited. */
function attach(inbox: Inbox, taker: MessageTaker, subscriber: Subscriber<never>): void {
  subscriber.add(() => { inbox.detach(taker) })
  inbox.attach(taker)
}
