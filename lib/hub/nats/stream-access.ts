/**
 * Access to the stream of a hub at the broker: its state, its messages as events, and consumers that read it.
 *
 * Strategy: an event's id is the time at which the stream was created, in base 36, and the sequence of the message. So
 * the id of an event of a stream that was deleted and created again is recognised.
 */
import {
  jetstream, jetstreamManager, type Consumer, type JetStreamClient, type JetStreamManager, type JsMsg, type StreamInfo,
} from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import { throwError } from 'rxjs'
import { LocalProtocolError } from '../../errors.js'
import type { HubEvent } from '../hub-options.js'
import { JSON_CODEC, type HubCodec, type NatsHubOptions, type StreamLimits } from './nats-hub-options.js'

/** The header field of a message that contains the type of its event. */
export const EVENT_FIELD = 'Httprx-Event'

/** How long the broker may take to answer, in milliseconds. A broker that restarts loses the request. */
export const ANSWER_MS = 2_000

const NANOSECONDS = 1_000_000

/** The state of the stream at one moment. */
export interface StreamState {
  readonly epoch: string
  /** The oldest sequence that is held; one more than the last if none is. */
  readonly first: number
  readonly last: number
  /** Whether the stream has no other subject, so that a step in its sequences means missing messages. */
  readonly isSole: boolean
}

/** A message that was read. */
export interface Read<T> {
  readonly seq: number
  /** Null if the message could not be decoded. */
  readonly event: HubEvent<T> | null
}

/** Makes all requests to the broker about the stream. */
export class StreamAccess<T> {
  readonly connection: NatsConnection
  readonly client: JetStreamClient
  readonly stream: string
  readonly subject: string
  readonly codec: HubCodec<T>
  private readonly hear: ((error: unknown) => void) | undefined
  private readonly manager: JetStreamManager
  private readonly limits: StreamLimits

  /** @throws by rejecting: the broker has no JetStream, or another stream has the subject */
  static async open<T>(connection: NatsConnection, options: NatsHubOptions<T>): Promise<StreamAccess<T>> {
    const manager = await jetstreamManager(connection, { timeout: ANSWER_MS })
    const access = new StreamAccess(connection, manager, options)
    await access.state()
    return access
  }

  private constructor(connection: NatsConnection, manager: JetStreamManager, options: NatsHubOptions<T>) {
    this.connection = connection
    this.manager = manager
    this.client = jetstream(connection, { timeout: ANSWER_MS })
    this.stream = options.stream
    this.subject = options.subject
    this.limits = options.limits ?? {}
    this.codec = options.codec ?? JSON_CODEC
    this.hear = options.onError
  }

  /** Reports an error to the application. An exception of its callback is an unhandled error of RxJS. */
  onError(error: unknown): void {
    try {
      this.hear?.(error)
    } catch (thrown) {
      throwError(() => thrown).subscribe()
    }
  }

  /** Returns the state of the stream, which is created if it does not exist. */
  async state(): Promise<StreamState> {
    const { created, config, state } = await this.info()
    const isSole = config.subjects.length === 1 && config.subjects[0] === this.subject
    const first = Math.max(1, state.first_seq)
    return { epoch: Date.parse(created).toString(36), first, last: state.last_seq, isSole }
  }

  /** Returns a consumer of the messages from that sequence on, and their number. */
  async consumer(from: number): Promise<{ consumer: Consumer; count: number }> {
    const consumer = await this.client.consumers.get(this.stream, {
      filter_subjects: this.subject, opt_start_seq: from,
    })
    return { consumer, count: (await consumer.info(true)).num_pending }
  }

  /** Deletes a consumer. If that fails, the broker deletes it after a time. */
  forget(consumer: Consumer): void {
    consumer.delete().catch(() => { /* It is gone, or will be. */ })
  }

  /** Decodes a message. */
  read(message: JsMsg, epoch: string): Read<T> {
    const { seq } = message
    try {
      const event = message.headers?.get(EVENT_FIELD) ?? ''
      const data = this.codec.decode(message.data)
      return { seq, event: Object.freeze({ id: `${epoch}-${seq}`, data, ...event !== '' && { event } }) }
    } catch (error) {
      this.onError(error)
      return { seq, event: null }
    }
  }

  private async info(): Promise<StreamInfo> {
    const streams = this.manager.streams
    const info = await streams.info(this.stream).catch(async (error: unknown) => {
      if ((error as Error).name !== 'StreamNotFoundError') throw error
      const { messages = 100_000, bytes = 256 * 1024 ** 2, ageMs = 24 * 3_600_000 } = this.limits
      return await streams.add({
        name: this.stream, subjects: [this.subject], discard: 'old',
        max_msgs: messages, max_bytes: bytes, max_age: ageMs * NANOSECONDS,
      })
    })
    if (info.config.subjects.some(pattern => covers(pattern, this.subject))) return info
    throw new LocalProtocolError('badOption', `the stream ${this.stream} does not have the subject ${this.subject}`)
  }
}

/** Whether the pattern of a stream (with the wildcards `*` and `>`) matches the subject. */
function covers(pattern: string, subject: string): boolean {
  const [words, parts] = [pattern.split('.'), subject.split('.')]
  if (words.at(-1) === '>' ? parts.length < words.length : parts.length !== words.length) return false
  return words.every((word, index) => word === '>' || word === '*' || word === parts[index])
}
