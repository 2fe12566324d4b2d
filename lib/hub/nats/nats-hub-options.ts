/**
 * The options of a hub over NATS.
 */
import type { NatsConnection, NodeConnectionOptions } from '@nats-io/transport-node'
import { FUNCTION, INTERVAL, OBJECT, SIZE, type Range, type Shape } from '../../connection/option-check.js'

/** How values become the payload of a message, and how they are read from one. */
export interface HubCodec<T> {
  encode(data: T): string | Uint8Array
  /** What it throws goes to `onError`, and the message is passed over. */
  decode(payload: Uint8Array): T
}

/** How much a stream holds that the hub creates. The oldest events make room. */
export interface StreamLimits {
  /** 100,000 unless given. */
  readonly messages?: number
  /** Without payloads there is no end to it: 256 MiB unless given. */
  readonly bytes?: number
  /** A day unless given. */
  readonly ageMs?: number
}

/** How a hub works over NATS. */
export interface NatsHubOptions<T> {
  /**
   * How to reach the broker: the options of `connect` in `@nats-io/transport-node`, or a connection that several hubs
   * share. One that the hub opens goes on trying to reconnect for ever, and is closed with the hub.
   */
  readonly connection?: NatsConnection | NodeConnectionOptions
  /** The name of the JetStream stream. It is created where there is none. */
  readonly stream: string
  /** The subject of the hub's events: one of the stream's, without wildcards. */
  readonly subject: string
  /** What a stream holds that the hub creates. One that is there is taken as it is. */
  readonly limits?: StreamLimits
  /** How many of the last events this process holds; older ones are read from the stream: 1,000. */
  readonly history?: number
  /** How many messages the broker may send ahead of what the process has taken: 256. */
  readonly prefetch?: number
  /** How many publications may wait for their acknowledgement; more are refused: 1,000. */
  readonly unacknowledged?: number
  /** How long a publication is tried, over a restart of the broker as well: 10,000. */
  readonly publishTimeoutMs?: number
  /** JSON unless given. */
  readonly codec?: HubCodec<T>
  /** Hears of a message that cannot be read, and of an attempt to follow the stream that failed and is made again. */
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

/** What the options take. */
export const NATS_HUB_KINDS = {
  connection: OBJECT, stream: STREAM, subject: SUBJECT, limits: OBJECT, history: SIZE, prefetch: FINITE,
  unacknowledged: SIZE, publishTimeoutMs: INTERVAL, codec: OBJECT, onError: FUNCTION,
}

/** What the limits take. */
export const LIMIT_KINDS = { messages: FINITE, bytes: FINITE, ageMs: FINITE }

/** Values as JSON. */
export const JSON_CODEC: HubCodec<never> = {
  encode: data => JSON.stringify(data),
  decode: payload => JSON.parse(new TextDecoder().decode(payload)) as never,
}
