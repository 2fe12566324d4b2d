/**
 * One visit a page: its transfers, and the events that tell how they are. A page names itself in each of its requests.
 */
import { BehaviorSubject, defer, finalize, interval, mergeMap, type Observable } from 'rxjs'
import type { Reply, Reqd } from 'httprx'
import type { SseEvent } from 'httprx/sse'

/** How a transfer is, in bytes. */
export interface Transfer {
  readonly total: number
  /** How far it is: taken in by the consumer, or made by the producer. */
  readonly done: number
  /** What the server holds for it now, and the most that it ever held. */
  readonly held: number
  readonly peak: number
  /** What it may hold. */
  readonly bound: number
  /** Whether it is held up: the socket is not read, or nothing more is asked of the producer. */
  readonly isPaused: boolean
}

/** What one page is doing. */
export interface Visit {
  /** How fast its uploads are taken in, in bytes a second. */
  readonly speed$: BehaviorSubject<number>
  upload: (() => Transfer) | null
  download: (() => Transfer) | null
}

const PERIOD_MS = 100
const SPEED = 1024 * 1024
const FASTEST = 64 * SPEED

/** The visits of all pages that are open. */
export class Visits {
  private readonly visits = new Map<string, Visit>()

  /** The visit that the request is part of. */
  of(reqd: Reqd): Visit {
    const page = reqd.url.searchParams.get('page') ?? ''
    return this.visits.get(page) ?? { speed$: new BehaviorSubject(SPEED), upload: null, download: null }
  }

  /** How the transfers of the page are. The visit lasts as long as this is listened to. */
  events(reqd: Reqd): Observable<SseEvent> {
    const page = reqd.url.searchParams.get('page') ?? ''
    return defer(() => {
      const visit = this.of(reqd)
      this.visits.set(page, visit)
      return interval(PERIOD_MS).pipe(
        mergeMap(() => eventsOf(visit)),
        finalize(() => { this.visits.delete(page) }),
      )
    })
  }

  /** Sets how fast the page's uploads are taken in: `speed` in bytes a second. */
  setSpeed(reqd: Reqd): Reply {
    const speed = Number(reqd.url.searchParams.get('speed'))
    if (!(speed >= 1 && speed <= FASTEST)) return { status: 400 }
    this.of(reqd).speed$.next(speed)
    return { status: 204 }
  }
}

function eventsOf({ upload, download }: Visit): SseEvent[] {
  const events: SseEvent[] = []
  if (upload !== null) events.push({ event: 'upload', data: upload() })
  if (download !== null) events.push({ event: 'download', data: download() })
  return events
}
