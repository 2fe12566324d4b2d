/**
 * The options of a hub over NATS.
 */
import type { NatsConnection, NodeConnectionOptions } from '@nats-io/transport-node'
import { FUNCTION, INTERVAL, OBJECT, SIZE, type Range, type Shape } from '../../connection/option-check.js'

/** Encodes values as payloads of messages, and decodes them. */
export interface HubCodec<T> {
  encode(data: T): string | Uint8Array
  /** If it throws, the error goes to `onError`, and the message is skipped. */
  decode(payload: Uint8Array): T
}

/** The limits of a stream that the hub creates. Beyond them, the oldest events are removed. */
export interface StreamLimits {
  /** The most messages: 100,000 unless given. */
  readonly messages?: number
  /** The most bytes: 256 MiB unless given. */
  readonly bytes?: number
  /** The greatest age of a message, in milliseconds: a day unless given. */
  readonly ageMs?: number
}

/** The options of a hub over NATS. */
export interface NatsHubOptions<T> {
  /**
   * How to reach the broker: the options of `connect` in `@nats-io/transport-node`, or a connection that several hubs
   * share. A connection that the hub opens reconnects without limit unless the options say otherwise, and is closed
   * with the hub.
   */
  readonly connection?: NatsConnection | NodeConnectionOptions
  /** The name of the JetStream stream, which is created if it does not exist. */
  readonly stream: string
  /** The subject of the hub's events: a subject of the stream, without wildcards. */
  readonly subject: string
  /** The limits of the stream if the hub creates it. An existing stream is not changed. */
  readonly limits?: StreamLimits
  /** How many of the last events this process holds: 1,000 unless given. Older ones are read from the stream. */
  readonly history?: number
  /** How many messages the broker may send ahead of the process: 256 unless given. */
  readonly prefetch?: number
  /** How many publications may wait for their acknowledgement: 1,000 unless given. More are refused. */
  readonly unacknowledged?: number
  /** How long a publication is retried, in milliseconds: 10,000 unless given. */
  readonly publishTimeoutMs?: number
  /** JSON unless given. */
  readonly codec?: HubCodec<T>
  /** Called with the error of a message that cannot be decoded, and of each failed attempt to follow the stream. */
  readonly onError?: (error: unknown) => void
}

const SUBJECT: Shape = {
  what: 'a subject without wildcards',
  isFit: value => typeof value === 'string' && /^[^\s.*>]+(?:\.[^\s.*>]+)*$/.test(value),
}

const STREAM: Shape = {
  what: 'the name of a stream',
  isFit: value => typeof value === 'string' && /^[^\s.*>/\\]+$/.test(value),
}

const FINITE: Range = { least: 1, most: Number.MAX_SAFE_INTEGER, isOpen: false }

/** The kinds of the options' values. */
export const NATS_HUB_KINDS = {
  connection: OBJECT, stream: STREAM, subject: SUBJECT, limits: OBJECT, history: SIZE, prefetch: FINITE,
  unacknowledged: SIZE, publishTimeoutMs: INTERVAL, codec: OBJECT, onError: FUNCTION,
}

/** The kinds of the limits' values. */
export const LIMIT_KINDS = { messages: FINITE, bytes: FINITE, ageMs: FINITE }

/** The default codec: JSON. */
export const JSON_CODEC: HubCodec<never> = {
  encode: data => JSON.stringify(data),
  decode: payload => JSON.parse(new TextDecoder().decode(payload)) as never,
}
