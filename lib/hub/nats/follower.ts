/**
 * Follows the stream with one consumer for all subscribers of the process.
 *
 * Strategy: an ordered consumer requests messages as the process takes them, so the number that the broker sends ahead
 * is bounded however slow the process is. Every failure (the connection, the broker, the consumer or the stream is
 * gone) has the same remedy: a new consumer that begins after the last sequence taken.
 */
import type { Consumer, ConsumerMessages } from '@nats-io/jetstream'
import type { QueuedIterator, Status } from '@nats-io/transport-node'
import { Pause } from './retry.js'
import type { StreamAccess } from './stream-access.js'
import type { StreamLog } from './stream-log.js'

/** How long a request for messages is valid, in milliseconds; silence for half of that counts as a lost connection. */
const EXPIRES_MS = 10_000

/** Copies the messages of a stream into the log. */
export class Follower<T> {
  private readonly access: StreamAccess<T>
  private readonly log: StreamLog<T>
  private readonly prefetch: number
  private readonly pause: Pause
  private readonly statuses: QueuedIterator<Status>
  private messages: ConsumerMessages | null
  private isStopped: boolean
  /** Resolves when the log has all messages that the stream had at the start. */
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

  /** Resolves when the log has all messages that the stream had at the start. */
  async start(): Promise<void> {
    await this.caughtUp
  }

  /** Stops following. Resolves when no more messages will be added to the log. */
  async stop(): Promise<void> {
    this.isStopped = true
    this.reportCaughtUp()
    this.pause.end()
    this.statuses.stop()
    void this.messages?.close()
    await this.done
  }

  /** {@link isStopped}, as a call, so that the compiler expects it to change during an await. */
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
    const from = await this.resume()
    const { consumer, count } = await this.access.consumer(from)
    this.pause.reset()
    if (count === 0) this.reportCaughtUp()
    try {
      await this.take(consumer)
    } finally {
      this.access.forget(consumer)
    }
  }

  /** Returns the sequence from which to follow the stream, once there is room for a gap before it. */
  private async resume(): Promise<number> {
    const { access, log } = this
    for (;;) {
      const state = await access.state()
      if (this.isStopped || log.fanOut.hasRoom) return log.resume(state)
      // The state will be old by the time there is room.
      await log.fanOut.whenRoom(() => undefined)
    }
  }

  private async take(consumer: Consumer): Promise<void> {
    const { access, log, log: { fanOut } } = this
    const asked = { max_messages: this.prefetch, expires: EXPIRES_MS, abort_on_missing_resource: true }
    const messages = await consumer.consume(asked)
    this.messages = messages
    if (this.hasEnded()) void messages.close()
    for await (const message of messages) {
      const read = access.read(message, log.epoch)
      while (!await fanOut.whenRoom(() => this.isStopped || log.take(read)));
      if (this.hasEnded()) return
      if (message.info.pending === 0) this.reportCaughtUp()
    }
  }

  /** Abandons the consumer as soon as the connection is lost: the broker may no longer have it. */
  private async watch(): Promise<void> {
    for await (const { type } of this.statuses) if (type === 'disconnect') void this.messages?.close()
  }
}
