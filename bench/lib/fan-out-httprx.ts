/**
 * One event to many clients with httprx, in the way of its users.
 */
import { map, Subject } from 'rxjs'
import type { Handler } from 'httprx'
import { sse } from 'httprx/sse'
import { upgradeWebSocket } from 'httprx/ws'
import { isDeflated, isMessages, publishing, type Quote } from './fan-out.js'

/** The handler of the scenario. It publishes from now on. */
export function fanOut(scenario: string): Handler {
  const quotes = new Subject<Quote>()
  publishing(scenario, quote => { quotes.next(quote) })
  if (!isMessages(scenario)) return () => sse(quotes)
  const messages = new Subject<string>()
  quotes.pipe(map(({ data }) => data)).subscribe(messages)
  return reqd => {
    const connection = upgradeWebSocket(reqd, { deflate: isDeflated(scenario) })
    connection.messages$.subscribe()
    connection.send(messages)
  }
}
