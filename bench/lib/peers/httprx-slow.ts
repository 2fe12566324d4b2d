/**
 * httprx for slow clients and handlers: `/endless` sends an endless body from the form of source that the scenario
 * names; `/slow` takes a body at 1 MiB per second; `/taken` reports how much of it was taken; all other paths are
 * hello.
 */
import { ignoreElements, endWith, timer } from 'rxjs'
import { serve, type Handler, type Reqd } from 'httprx'
import { endless, pushed$ } from '../endless.js'
import { GREETING, type Scenario } from '../scenario.js'

const BYTES_PER_MS = 2 ** 20 / 1000
let taken = 0

function slow(reqd: Reqd): ReturnType<Handler> {
  return reqd.body.concatMap(bytes => {
    taken += bytes.length
    return timer(bytes.length / BYTES_PER_MS)
  }).pipe(ignoreElements(), endWith({ body: GREETING }))
}

export async function start(form: Scenario): Promise<number> {
  const handler: Handler = reqd => {
    switch (reqd.target) {
      case '/endless': return endless[form]()
      case '/slow': return slow(reqd)
      case '/taken': return { body: String(taken) }
      default: return { body: GREETING }
    }
  }
  // The garbage of the source exists before the first client, so that it does not count as that of clients.
  if (form.startsWith('Observable')) pushed$.subscribe()
  // Connections are cut here on purpose.
  const server = await serve(handler, { host: '127.0.0.1', onError: () => undefined }).listening
  return (server.address as { port: number }).port
}
