/**
 * httprx with a `Hub`, as fast as the clients take events: `capacity <sse|websocket> <bytes> <clients> <events a
 * turn>`. It begins when all those clients have subscribed, and publishes each event when every client has room for
 * it.
 */
import { setImmediate } from 'node:timers/promises'
import { filter, firstValueFrom } from 'rxjs'
import { serve, type Handler } from 'httprx'
import { Hub, hubSocket } from 'httprx/hub'
import { sse } from 'httprx/sse'
import { upgradeWebSocket } from 'httprx/ws'
import type { Scenario } from '../scenario.js'

const hub = new Hub<string>()
const overflow = 'wait'

const handlers: Readonly<Record<string, Handler>> = {
  sse: () => sse(hub.subscribe({ overflow })),
  websocket: reqd => {
    const connection = upgradeWebSocket(reqd)
    connection.messages$.subscribe()
    hubSocket(hub, connection, { overflow, format: ({ data }) => data as string })
  },
}

export async function start(scenario: Scenario): Promise<number> {
  const [, kind, bytes, clients, perTurn] = scenario.split(' ')
  const server = await serve(handlers[kind], { host: '127.0.0.1' }).listening
  void publishTo(Number(clients), `${'x'.repeat(Number(bytes) - 1)}}`, Number(perTurn))
  return (server.address as { port: number }).port
}

/** Each event has one `}`, which clients count. */
async function publishTo(clients: number, event: string, perTurn: number): Promise<void> {
  await firstValueFrom(hub.size$.pipe(filter(size => size === clients)))
  for (;;) {
    await setImmediate()
    for (let left = perTurn; left > 0; left--) await hub.publishWhenReady(event)
  }
}
