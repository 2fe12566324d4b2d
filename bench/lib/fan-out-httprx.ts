/**
 * One event to many clients with httprx, in the ways of its users: through a Subject, and through a `Hub`.
 */
import { map, Subject } from 'rxjs'
import type { Handler, Reqd } from 'httprx'
import { Hub, hubSocket, type HubEvent, type HubGap } from 'httprx/hub'
import { sse } from 'httprx/sse'
import { upgradeWebSocket, type WebSocketConnection } from 'httprx/ws'
import { isDeflated, isMessages, publishing, type Quote } from './fan-out.js'

/** The handler of the scenario, with a Subject. It publishes from now on. */
export function fanOut(scenario: string): Handler {
  const quotes = new Subject<Quote>()
  publishing(scenario, quote => { quotes.next(quote) })
  if (!isMessages(scenario)) return () => sse(quotes)
  const messages = new Subject<string>()
  quotes.pipe(map(({ data }) => data)).subscribe(messages)
  return reqd => { upgraded(reqd, scenario).send(messages) }
}

/** The same with a hub, which numbers the events and remembers them. */
export function fanOutByHub(scenario: string): Handler {
  const hub = new Hub<string>()
  publishing(scenario, ({ data }) => { hub.publish(data) })
  if (!isMessages(scenario)) return () => sse(hub.subscribe())
  return reqd => { hubSocket(hub, upgraded(reqd, scenario), { format: dataOf }) }
}

function dataOf({ data }: HubEvent<string> | HubGap): string {
  return typeof data === 'string' ? data : JSON.stringify(data)
}

/** The connection of a client, whose messages are read and ignored. */
function upgraded(reqd: Reqd, scenario: string): WebSocketConnection {
  const connection = upgradeWebSocket(reqd, { deflate: isDeflated(scenario) })
  connection.messages$.subscribe()
  return connection
}
