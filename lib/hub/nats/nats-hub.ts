/**
 * `NatsHub`: a hub across machines, over a NATS JetStream stream.
 *
 * Strategy: an event is published to the stream, and each process receives it through one consumer (follower.ts) into a
 * log like that of a `Hub`. The subscribers of the process hold positions in the log, each at its own pace; one that
 * resumes before its beginning first reads the stream (earlier-events.ts). Ids are the same in all processes, so a
 * client may reconnect to any of them.
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
 * Distributes events published in any process to the clients of all processes.
 *
 * @example
 * const hub = await NatsHub.connect<Quote>({ connection: { servers: 'nats://broker' }, stream: 'QUOTES', subject: 'quotes' })
 * serve(reqd => sse(hub.subscribe({ after: lastEventId(reqd) })))
 * await hub.publish(quote)
 */
export class NatsHub<T> {
  /** Emits the number of this process's subscribers, now and whenever it changes. */
  readonly size$: Observable<number>
  /** The connection to the broker. Its `status()` reports disconnects and reconnects. */
  readonly connection: NatsConnection
  private readonly isOwner: boolean
  private readonly fanOut: FanOut<T>
  private readonly log: StreamLog<T>
  private readonly follower: Follower<T>
  private readonly pages: PageReader<T>
  private readonly publisher: Publisher<T>
  private closing: Promise<void> | null

  /**
   * Connects to the broker and reads the last events. Resolves when the hub has read up to the end of the stream.
   *
   * @throws by rejecting. {@link LocalProtocolError} badRange, badOption: the options, or a stream that does not have
   *   the subject; the NATS client's error if the broker, or its JetStream, is unavailable
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

  /** The id of the last event that reached this process; null if there was none, or it is no longer held. */
  get latestId(): string | null {
    const { log } = this.fanOut
    return log.end === log.first ? null : log.idAt(log.end - 1)
  }

  /**
   * Publishes the value to the subscribers of all processes. Resolves with its id when the broker has stored it; the
   * subscribers of this process receive it through the broker, too. While the broker is unavailable, the publication is
   * retried, and stored once. Concurrent publications may then be reordered: if order matters, await each.
   *
   * @throws by rejecting. {@link LocalProtocolError} badState: the hub is closed; badOption: an invalid event type;
   *   {@link BackpressureError}: too many publications are pending; the NATS client's error if the broker refuses it,
   *   or does not acknowledge it in time: then it may be stored or not
   */
  async publish(data: T, options?: PublishOptions): Promise<string> {
    this.fanOut.assertOpen()
    const seq = await this.publisher.publish(data, options)
    return `${this.log.epoch}-${seq}`
  }

  /**
   * Publishes when every subscriber of this process that must lose nothing (`overflow: 'wait'`) has room. They lose
   * nothing without it, too: the process takes events from the broker only as fast as they do.
   *
   * @throws as {@link publish}
   */
  publishWhenReady(data: T, options?: PublishOptions): Promise<string> {
    return this.fanOut.whenRoom(() => this.publish(data, options))
  }

  /**
   * Returns the events from now on, or all events after `after`, as `subscribe` of a `Hub` does. Events that this
   * process no longer holds are read from the stream. A {@link HubGap} stands for those that the stream has lost, too.
   *
   * @throws {@link LocalProtocolError} badRange: the queue; badOption
   */
  subscribe(options: SubscribeOptions = {}): Observable<HubEvent<T> | HubGap> {
    return this.fanOut.subscribe(options, (after, goOn) => this.beginning(after, goOn))
  }

  /**
   * Completes all subscribers, each after the last event that this process holds, and refuses further events. Resolves
   * when all publications are acknowledged or have failed, and a connection that the hub opened is closed.
   */
  close(): Promise<void> {
    return this.closing ??= this.end()
  }

  private async end(): Promise<void> {
    // The follower may wait for room, of which a closed hub has plenty: it stops first.
    const stopped = this.follower.stop()
    this.fanOut.close()
    this.pages.stop()
    await Promise.all([this.publisher.settled(), stopped])
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
