/**
 * Events that all workers have, with the same numbers: the first process makes them and holds the last ones, and a new
 * worker begins with those. Across machines, a `NatsHub` does this.
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

/** The last ticks, and those that come. */
export class Ticks {
  readonly live = new Subject<Tick>()
  held: Tick[] = []

  add(ticks: readonly Tick[]): void {
    this.held = [...this.held, ...ticks].slice(-HELD)
    for (const tick of ticks) this.live.next(tick)
  }

  /** Those behind that one, and all that come; null: only these. */
  behind(id: string | null): Observable<Tick> {
    const missed = defer(() => from(id === null ? [] : this.held.filter(tick => Number(tick.id) > Number(id))))
    return concat(missed, this.live)
  }
}

/** In the first process: makes ticks. Returns how a worker that asks for them gets them. */
export function sendTicks(): (worker: ReturnType<typeof cluster.fork>) => void {
  const ticks = new Ticks()
  let count = 0
  setInterval(() => { ticks.add([{ id: String(++count), data: new Date().toISOString() }]) }, INTERVAL_MS)
  return worker => {
    worker.once('message', () => {
      worker.send(ticks.held)
      const sending = ticks.live.subscribe(tick => { worker.send([tick], () => { /* It may be gone. */ }) })
      worker.once('disconnect', () => { sending.unsubscribe() })
    })
  }
}

/** In a worker: asks for the ticks. Resolves when it has those that are held. */
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
