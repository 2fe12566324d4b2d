/**
 * Hubs over one real broker, and their subscribers. To the broker, two hubs in a spec are like two processes.
 */
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { filter, firstValueFrom, ReplaySubject, Subject, type Observable } from 'rxjs'
import { isGap, NatsHub, type HubEvent, type HubGap, type NatsHubOptions } from '../../lib/hub/nats/index.js'
import { offering, Waiting, type Offer } from '../../lib/demand/offer.js'
import { Broker } from './broker.js'

type Item = HubEvent<number> | HubGap

/** A broker, its hubs, and another connection to it. */
export class House {
  readonly broker: Broker
  readonly admin: NatsConnection
  readonly manager: JetStreamManager
  private streams: number
  private readonly hubs: NatsHub<unknown>[]

  static async open(): Promise<House> {
    const broker = await Broker.start()
    const admin = await connect({ servers: broker.url, maxReconnectAttempts: -1, reconnectTimeWait: 50 })
    return new House(broker, admin, await jetstreamManager(admin, { timeout: 1_000 }))
  }

  private constructor(broker: Broker, admin: NatsConnection, manager: JetStreamManager) {
    this.broker = broker
    this.admin = admin
    this.manager = manager
    this.streams = 0
    this.hubs = []
  }

  /** The name and subject of a new stream. */
  place(): { stream: string; subject: string } {
    const stream = `S${++this.streams}`
    return { stream, subject: `${stream}.events` }
  }

  /** A hub, by default of numbers. */
  async hub<T = number>(options: NatsHubOptions<T>): Promise<NatsHub<T>> {
    const connection = { servers: this.broker.url, reconnectTimeWait: 50 }
    const hub = await NatsHub.connect<T>({ connection, ...options })
    this.hubs.push(hub)
    return hub
  }

  /** Starts the broker again. Resolves when it answers: a broker that is starting may lose requests. */
  async restart(): Promise<void> {
    await this.broker.start()
    const answers = (): Promise<boolean> => this.manager.getAccountInfo().then(() => true, () => false)
    while (!await answers());
  }

  async closeHubs(): Promise<void> {
    await Promise.all(this.hubs.splice(0).map(hub => hub.close()))
  }

  async close(): Promise<void> {
    await this.admin.close()
    await this.broker.stop()
  }
}

/** Publishes these numbers one after the other, and waits until the hub has them itself; returns their ids. */
export async function publishHeld(hub: NatsHub<number>, from: number, to: number): Promise<string[]> {
  const events$ = new ReplaySubject<Item>()
  hub.subscribe().subscribe(events$)
  const ids = await publishAll(hub, from, to)
  await firstValueFrom(events$.pipe(filter(event => !isGap(event) && event.id === ids.at(-1))))
  return ids
}

/** Publishes these numbers one after the other; returns their ids. */
export async function publishAll(hub: NatsHub<number>, from: number, to: number): Promise<string[]> {
  const ids: string[] = []
  for (let n = from; n <= to; n++) ids.push(await hub.publish(n))
  return ids
}

function shown(event: Item): unknown {
  if (!isGap(event)) return event.data
  const { after, next, missed } = event.data
  return `gap ${after} to ${next}: ${missed}`
}

/** Logs the events of a subscription, which begins at once. */
export class Listener {
  readonly log: unknown[] = []
  readonly ids: string[] = []
  private readonly heard = new Subject<void>()

  constructor(events$: Observable<Item>) {
    events$.subscribe({
      next: event => {
        if (!isGap(event)) this.ids.push(event.id)
        this.add(shown(event))
      },
      error: (error: Error) => { this.add(error.name) },
      complete: () => { this.add('end') },
    })
  }

  /** Resolves when the log has that many entries. */
  async has(count: number): Promise<unknown[]> {
    if (this.log.length < count) await firstValueFrom(this.heard.pipe(filter(() => this.log.length >= count)))
    return this.log
  }

  /** Resolves when the log has that entry. */
  async hasLast(thing: unknown): Promise<unknown[]> {
    if (!this.log.includes(thing)) await firstValueFrom(this.heard.pipe(filter(() => this.log.includes(thing))))
    return this.log
  }

  private add(thing: unknown): void {
    this.log.push(thing)
    this.heard.next()
  }
}

/** A demand that a test makes. */
export class Taker implements Offer {
  wanted = 0
  readonly listener: Listener
  private readonly waiting = new Waiting()

  constructor(events$: Observable<Item>) {
    this.listener = offering(this, () => new Listener(events$))
  }

  whenWanted(callback: () => void): () => void { return this.waiting.add(callback) }
  enter(): number { return 0 }
  leave(before: number): void { if (before >= 0) this.wanted-- }
  reportLate(): void { /* Nothing is late. */ }
  ahead(): void { /* Nothing is held. */ }

  take(count: number): Listener {
    this.wanted += count
    this.waiting.notify(() => this.wanted > 0)
    return this.listener
  }

  /** Takes one entry at a time, up to that one, or to the end of the subscription. */
  async takeEach(last: unknown): Promise<unknown[]> {
    const { log } = this.listener
    for (let count = log.length + 1; ![last, 'end', 'BackpressureError'].includes(log.at(-1)); count++) {
      await this.take(1).has(count)
    }
    return log
  }
}

/** The numbers from one to another. */
export function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index)
}
