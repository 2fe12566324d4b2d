/**
 * The notice that a connection has been asked to close, as an Observable or as a callback.
 *
 * Strategy: a state and two optional lists of listeners, each made when the first one asks, because most connections
 * have none.
 */
import { ReplaySubject, type Observable } from 'rxjs'
import { GuardedObservable, type Report } from '../application/guarded-observable.js'

/** The closing notice of one connection. */
export class ClosingNotice {
  private state: 'open' | 'given' | 'over'
  private subject: ReplaySubject<void> | null
  /** A list and not a Set, which takes 200 bytes: most connections have one task. */
  private tasks: (() => void)[] | null

  constructor() {
    this.state = 'open'
    this.subject = null
    this.tasks = null
  }

  /** Whether the notice was given. */
  get isGiven(): boolean {
    return this.state === 'given'
  }

  /** Emits once when the notice is given, then completes; otherwise completes when the connection is over. */
  observable(report: Report): Observable<void> {
    if (this.subject === null) {
      this.subject = new ReplaySubject(1)
      if (this.state === 'given') this.subject.next()
      if (this.state !== 'open') this.subject.complete()
    }
    return GuardedObservable.from(this.subject, report)
  }

  /** Runs the task when the notice is given, at once if it was already. Returns a function that removes the task. */
  whenGiven(task: () => void): () => void {
    if (this.state === 'given') task()
    else if (this.state === 'open' && this.tasks === null) this.tasks = [task]
    else if (this.state === 'open') this.tasks?.push(task)
    return () => { this.tasks = this.tasks?.filter(other => other !== task) ?? null }
  }

  /** Gives the notice, once. */
  give(): void {
    if (this.state !== 'open') return
    this.state = 'given'
    this.subject?.next()
    this.subject?.complete()
    const { tasks } = this
    this.tasks = null
    for (const task of tasks ?? []) task()
  }

  /** The connection is over. */
  end(): void {
    if (this.state === 'open') this.state = 'over'
    this.subject?.complete()
    this.tasks = null
  }
}
