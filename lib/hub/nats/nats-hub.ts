/**
 * `NatsHub`: a hub whose events cross machines, over a NATS JetStream stream.
 *
 * Strategy: what is published goes to the stream, and comes back to every process through one consumer (follower.ts),
 * into a log like that of a `Hub`. The subscribers of the process hold positions in it, each at its own pace; one that
 * comes back from before the log reads the stream up to it (earlier-events.ts). Ids are the same in all processes: a
 * client may come back to any of them.
 */
import { connect, type NatsConnection } from '@nats-io/transport-node'
import type { Observable } from 'rxjs'
import { checkOptions, checkValues } from '../../connection/option-check.js'
import { FanOut, HISTORY } from '../fan-out.js'
import type { HubEvent, HubGap, PublishOptions, SubscribeOptions } from '../hub-options.js'
import type { Beginning } from '../subscription.js'
import { EarlierEvents } from './earlier-events.js'
import { Follower } from './follower.js'
import { LIMIT_KINDS, NATS_HUB_KINDS, type NatsHubOptions } from './nats-hub-options.js'
import { PageReader } from './page-reader.js'
import { Publisher } from './publisher.js'
import { StreamAccess } from './stream-access.js'
import { StreamLog } from './stream-log.js'

const PREFETCH = 256
const UNACKNOWLEDGED = 1_000
const PUBLISH_TIMEOUT_MS = 10_000

/**
 * A place where events are published in one process, and from which clients get them in all.
 *
 * @example
 * const hub = await NatsHub.connect<Quote>({ connection: { servers: 'nats://broker' }, stream: 'QUOTES', subject: 'quotes' })
 * serve(reqd => sse(hub.subscribe({ after: lastEventId(reqd) })))
 * await hub.publish(quote)
 */
export class NatsHub<T> {
  /** How many subscribers this process has: now, and whenever that changes. */
  readonly size$: Observable<number>
  /** The connection to the broker: its `status()` tells whether it is there. */
  readonly connection: NatsConnection
  private readonly isOwner: boolean
  private readonly fanOut: FanOut<T>
  private readonly log: StreamLog<T>
  private readonly follower: Follower<T>
  private readonly pages: PageReader<T>
  private readonly publisher: Publisher<T>
  private closing: Promise<void> | null

  /**
   * Connects to the broker and reads the last events. Resolves when the hub has what the stream has.
   *
   * @throws by rejecting. {@link LocalProtocolError} badRange, badOption: the options, or a stream that does not have
   *   the subject; what the NATS client throws where the broker, or its JetStream, is not there
   */
  static async connect<T>(options: NatsHubOptions<T>): Promise<NatsHub<T>> {
    checkOptions(options, NATS_HUB_KINDS)
    checkValues(options.limits ?? {}, LIMIT_KINDS)
    const { connection: given = {} } = options
    const isOwner = !('publish' in given)
    const connection = isOwner
      ? await connect({ maxReconnectAttempts: -1, reconnectTimeWait: 500, ...given })
      : given
    try {
      const hub = new NatsHub(await StreamAccess.open(connection, options), options, isOwner)
      await hub.follower.start()
      hub.fanOut.assertOpen()
      return hub
    } catch (error) {
      if (isOwner) await connection.close()
      throw error
    }
  }

  private constructor(access: StreamAccess<T>, options: NatsHubOptions<T>, isOwner: boolean) {
    const { unacknowledged = UNACKNOWLEDGED, publishTimeoutMs = PUBLISH_TIMEOUT_MS } = options
    this.connection = access.connection
    this.isOwner = isOwner
    this.fanOut = new FanOut(options.history ?? HISTORY)
    this.size$ = this.fanOut.size$
    this.log = new StreamLog(this.fanOut)
    this.pages = new PageReader(access, this.log)
    this.publisher = new Publisher(access, unacknowledged, publishTimeoutMs)
    this.follower = new Follower(access, this.log, options.prefetch ?? PREFETCH)
    this.closing = null
    void this.connection.closed().then(() => this.close())
  }

  /** How many subscribers this process has. */
  get size(): number {
    return this.fanOut.size
  }

  /** The id of the last event that came to this process; null where there was none, or it is held no more. */
  get latestId(): string | null {
    const { log } = this.fanOut
    return log.end === log.first ? null : log.idAt(log.end - 1)
  }

  /**
   * Publishes the value for the subscribers of all processes. Resolves with its id when the broker has stored it; it
   * comes to this process's own subscribers as to any other's. Where the broker is away, it is tried again, and stored
   * once. Two that are published at the same time may change places then: await each where their order matters.
   *
   * @throws by rejecting. {@link LocalProtocolError} badState: the hub is closed; {@link BackpressureError}: too many
   *   wait for the broker; the NATS client's error where the broker refuses it, or did not acknowledge it in time: then
   *   it may be stored or not
   */
  async publish(data: T, options?: PublishOptions): Promise<string> {
    this.fanOut.assertOpen()
    const seq = await this.publisher.publish(data, options)
    return `${this.log.epoch}-${seq}`
  }

  /**
   * Publishes when every subscriber of this process that must lose nothing (`overflow: 'wait'`) has room. It need not
   * be called for their sake: the process takes no more from the broker than they do.
   *
   * @throws as {@link publish}
   */
  async publishWhenReady(data: T, options?: PublishOptions): Promise<string> {
    const room = this.fanOut.room()
    if (room !== null) await room
    const published = this.publish(data, options)
    this.fanOut.proceed()
    return await published
  }

  /**
   * The events from now on, or those behind `after` and from then on, as `subscribe` of a `Hub` gives them. What this
   * process does not hold is read from the stream. A {@link HubGap} tells of what the stream does not hold either.
   *
   * @throws {@link LocalProtocolError} badRange: the queue; badOption
   */
  subscribe(options: SubscribeOptions = {}): Observable<HubEvent<T> | HubGap> {
    return this.fanOut.subscribe(options, (after, goOn) => this.beginning(after, goOn))
  }

  /**
   * Completes all subscribers, each when it got what this process holds, and takes no more. Resolves when what was
   * published is acknowledged or has failed, and the broker is left.
   */
  close(): Promise<void> {
    return this.closing ??= this.end()
  }

  private async end(): Promise<void> {
    this.fanOut.close()
    this.pages.stop()
    await this.publisher.settled()
    await this.follower.stop()
    if (this.isOwner) await this.connection.close()
  }

  private beginning(after: string | null, goOn: () => void): Beginning<T> {
    if (after === null) return { position: this.fanOut.log.end, lost: 0 }
    const [, epoch, digits] = /^([0-9a-z]+)-([1-9]\d{0,15})$/.exec(after) ?? []
    if (epoch !== this.log.epoch) return this.log.startOfStranger(after)
    const seq = Number(digits)
    return this.log.startBehind(seq) ?? new EarlierEvents(this.log, this.pages, seq, goOn)
  }
}
