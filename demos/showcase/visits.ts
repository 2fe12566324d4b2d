/**
 * The visit of each open page: its transfers, and the events that report them. A page sends its id in each request.
 */
import { BehaviorSubject, defer, finalize, interval, mergeMap, type Observable } from 'rxjs'
import type { Reply, Reqd } from 'httprx'
import type { SseEvent } from 'httprx/sse'

/** The state of a transfer, in bytes. */
export interface Transfer {
  readonly total: number
  /** The bytes consumed, or produced. */
  readonly done: number
  /** The bytes that the server holds for it now, and the most that it ever held. */
  readonly held: number
  readonly peak: number
  /** The most that the server may hold. */
  readonly bound: number
  /** Whether backpressure stops it: the socket is paused, or the producer has no demand. */
  readonly isPaused: boolean
}

/** The transfers of one page. */
export interface Visit {
  /** The speed of the consumer of its uploads, in bytes a second. */
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

  /** The visit that the request belongs to. */
  of(reqd: Reqd): Visit {
    const page = reqd.url.searchParams.get('page') ?? ''
    return this.visits.get(page) ?? { speed$: new BehaviorSubject(SPEED), upload: null, download: null }
  }

  /** Emits the state of the page's transfers. The visit lasts as long as the subscription. */
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

  /** Sets the speed of the consumer of the page's uploads: `speed` in bytes a second. */
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
