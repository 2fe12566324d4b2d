/**
 * Follows the stream with one consumer for all subscribers of the process.
 *
 * Strategy: an ordered consumer is asked for messages as they are taken, so what the broker sends ahead is bounded
 * however slow the process is. Whatever goes wrong with it (the connection, the broker, the consumer or the stream
 * itself is gone) has one remedy: a new consumer, from the sequence behind the last one that was taken.
 */
import type { Consumer, ConsumerMessages } from '@nats-io/jetstream'
import type { QueuedIterator, Status } from '@nats-io/transport-node'
import { Pause } from './retry.js'
import type { StreamAccess } from './stream-access.js'
import type { StreamLog } from './stream-log.js'

/** How long a question for messages stands, in milliseconds; half of that without a sign of life is a loss. */
const EXPIRES_MS = 10_000

/** Brings the messages of a stream into the log. */
export class Follower<T> {
  private readonly access: StreamAccess<T>
  private readonly log: StreamLog<T>
  private readonly prefetch: number
  private readonly pause: Pause
  private readonly statuses: QueuedIterator<Status>
  private messages: ConsumerMessages | null
  private isStopped: boolean
  /** Whether the process has all that was there when it came. */
  private readonly caughtUp: Promise<void>
  private reportCaughtUp!: () => void
  private readonly done: Promise<void>

  constructor(access: StreamAccess<T>, log: StreamLog<T>, prefetch: number) {
    this.access = access
    this.log = log
    this.prefetch = prefetch
    this.pause = new Pause()
    this.statuses = access.connection.status() as QueuedIterator<Status>
    this.messages = null
    this.isStopped = false
    this.caughtUp = new Promise(resolve => { this.reportCaughtUp = resolve })
    this.done = this.run()
    void this.watch()
  }

  /** Resolves when the log has what the stream had at the beginning. */
  async start(): Promise<void> {
    await this.caughtUp
  }

  /** Ends it. Resolves when nothing is brought any more. */
  async stop(): Promise<void> {
    this.isStopped = true
    this.reportCaughtUp()
    this.pause.end()
    this.statuses.stop()
    void this.messages?.close()
    await this.done
  }

  /** Whether it was stopped meanwhile. */
  private hasEnded(): boolean {
    return this.isStopped
  }

  private failed(error: unknown): void {
    if (!this.isStopped) this.access.onError(error)
  }

  private async run(): Promise<void> {
    while (!this.isStopped) {
      try {
        await this.follow()
      } catch (error) {
        this.failed(error)
      }
      await this.pause.wait()
    }
  }

  /** Follows the stream until the consumer ends. */
  private async follow(): Promise<void> {
    const from = this.log.resume(await this.access.state())
    const { consumer, count } = await this.access.consumer(from)
    this.pause.reset()
    if (count === 0) this.reportCaughtUp()
    try {
      await this.take(consumer)
    } finally {
      this.access.forget(consumer)
    }
  }

  private async take(consumer: Consumer): Promise<void> {
    const { access, log, log: { fanOut } } = this
    const asked = { max_messages: this.prefetch, expires: EXPIRES_MS, abort_on_missing_resource: true }
    const messages = await consumer.consume(asked)
    this.messages = messages
    if (this.hasEnded()) void messages.close()
    for await (const message of messages) {
      const room = fanOut.room()
      if (room !== null) await room
      log.take(access.read(message, log.epoch))
      fanOut.proceed()
      if (message.info.pending === 0) this.reportCaughtUp()
    }
  }

  /** Gives a consumer up as soon as the connection is lost: the broker may not know it any more. */
  private async watch(): Promise<void> {
    for await (const { type } of this.statuses) if (type === 'disconnect') void this.messages?.close()
  }
}
