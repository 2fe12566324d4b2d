/**
 * A hub over a WebSocket: `hubSocket`.
 */
import { map, tap, type Subscription } from 'rxjs'
import type { WebSocketConnection } from '../ws/web-socket-connection.js'
import type { HubEvent, HubGap, SubscribeOptions } from './hub-options.js'
import type { Hub } from './hub.js'

/** The options of `hubSocket`. */
export interface HubSocketOptions<T> extends SubscribeOptions {
  /**
   * Returns the message for an event: JSON of `id`, `event` and `data` unless given. Called once for each event, for
   * all clients with the same function: make it outside the handler.
   */
  readonly format?: (event: HubEvent<T> | HubGap) => string | Uint8Array
}

/** The messages of events, by format and event. */
const formatted = new WeakMap<object, WeakMap<object, string | Uint8Array>>()

/**
 * Sends the events of the hub to the client as it takes them. Unsubscribe the result to stop. A WebSocket has no
 * `Last-Event-ID`: the client names its last event in any other way, for example in the query of its URL.
 *
 * @example
 * serve(reqd => {
 *   hubSocket(hub, upgradeWebSocket(reqd), { after: reqd.url.searchParams.get('after') })
 * })
 */
export function hubSocket<T>(
  hub: Pick<Hub<T>, 'subscribe'>, connection: WebSocketConnection, options: HubSocketOptions<T> = {},
): Subscription {
  const { format = toJson, ...subscribing } = options
  const messages$ = hub.subscribe(subscribing).pipe(map(event => messageOf(event, format)))
  // A subscriber that is too slow is completed: closing the connection makes its client reconnect.
  const complete = (): void => { connection.close(1013, 'try again later') }
  return connection.send(subscribing.overflow === 'disconnect' ? messages$.pipe(tap({ complete })) : messages$)
}

function toJson(event: object): string {
  return JSON.stringify(event)
}

function messageOf<T>(
  event: HubEvent<T> | HubGap, format: (event: HubEvent<T> | HubGap) => string | Uint8Array,
): string | Uint8Array {
  let messages = formatted.get(format)
  if (messages === undefined) formatted.set(format, messages = new WeakMap())
  let message = messages.get(event)
  if (message === undefined) messages.set(event, message = format(event))
  return message
}
