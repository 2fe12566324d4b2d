/**
 * A stream of events that is the same in all workers: the primary process makes and numbers them and holds the last
 * ones, which a new worker gets first. Across machines, use a `NatsHub`.
 */
import type cluster from 'node:cluster'
import { concat, defer, from, Subject, type Observable } from 'rxjs'

const HELD = 1_000
const INTERVAL_MS = 50

/** An event. */
export interface Tick {
  readonly id: string
  readonly data: string
}

/** The last ticks, and the live ones. */
export class Ticks {
  readonly live = new Subject<Tick>()
  held: Tick[] = []

  add(ticks: readonly Tick[]): void {
    this.held = [...this.held, ...ticks].slice(-HELD)
    for (const tick of ticks) this.live.next(tick)
  }

  /** Returns the held ticks after the one of that id, then the live ones; with null only the live ones. */
  behind(id: string | null): Observable<Tick> {
    const missed = defer(() => from(id === null ? [] : this.held.filter(tick => Number(tick.id) > Number(id))))
    return concat(missed, this.live)
  }
}

/** Makes ticks, in the primary process. Returns a function that connects a worker, which gets them when it asks. */
export function sendTicks(): (worker: ReturnType<typeof cluster.fork>) => void {
  const ticks = new Ticks()
  let count = 0
  setInterval(() => { ticks.add([{ id: String(++count), data: new Date().toISOString() }]) }, INTERVAL_MS)
  return worker => {
    worker.once('message', () => {
      worker.send(ticks.held)
      const sending = ticks.live.subscribe(tick => { worker.send([tick], () => { /* It may have ended. */ }) })
      worker.once('disconnect', () => { sending.unsubscribe() })
    })
  }
}

/** Requests the ticks, in a worker. Resolves when it has the held ones. */
export async function receiveTicks(): Promise<Ticks> {
  const ticks = new Ticks()
  await new Promise<void>(resolve => {
    process.on('message', (some: Tick[]) => {
      ticks.add(some)
      resolve()
    })
    process.send?.('ticks, please')
  })
  return ticks
}
