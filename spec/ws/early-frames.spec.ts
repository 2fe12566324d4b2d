/**
 * Frames that a client sends with its handshake come before all that it sends later, on each kind of socket.
 */
import { describe, expect, it } from '@jest/globals'
import { Subject } from 'rxjs'
import { upgradeWebSocket } from '../../lib/ws/index.js'
import { webSocketHandshake } from '../../lib/testing/index.js'
import { KINDS } from '../helpers/kinds.js'
import { signal, type Client } from '../helpers/net.js'
import { frame, TEXT } from './frames.js'

/** More than are written at once: the sockets are read before the last ones have the event. */
const LISTENERS = 300
const GET = 'GET /events HTTP/1.1\r\nHost: a\r\n\r\n'

const sent = (...texts: string[]): string => texts.map(text => frame(TEXT, text).toString('latin1')).join('')
const echoed = (...texts: string[]): string =>
  texts.map(text => frame(TEXT, text, { isMasked: false }).toString('latin1')).join('')

describe.each(Object.entries(KINDS))('frames that come with the handshake over %s', (_, { start, connect }) => {
  it('pass before later ones, also while an event for very many clients is written', async () => {
    const event$ = new Subject<string>()
    let client: Client | null = null
    const server = await start(reqd => {
      if (reqd.target === '/events') return { body: event$, head: 'atOnce' }
      event$.next('somebody came')
      const connection = upgradeWebSocket(reqd)
      connection.messages$.subscribe(connection)
      client?.send(sent('second', 'third'))
      return undefined
    })
    const listeners: Client[] = []
    while (listeners.length < LISTENERS) listeners.push((await connect(server)).send(GET))
    await Promise.all(listeners.map(listener => listener.receives('\r\n\r\n')))
    client = await connect(server)
    client.send(webSocketHandshake('/') + sent('first'))
    await client.receives(echoed('third'))
    expect(client.received).toContain(`\r\n\r\n${echoed('first', 'second', 'third')}`)
    await Promise.all(listeners.map(listener => listener.receives('somebody came')))
  })

  it('pass before the end of the input, which comes while the handler is at work', async () => {
    const [ended, goOn] = [signal(), signal()]
    const server = await start(async reqd => {
      await goOn.promise
      const connection = upgradeWebSocket(reqd)
      connection.messages$.subscribe(connection)
    }, { allowHalfOpen: true })
    server.events$.subscribe(({ type }) => { if (type === 'inputEnd') ended.resolve() })
    const client = (await connect(server)).send(webSocketHandshake('/') + sent('first', 'second')).end()
    await ended.promise
    goOn.resolve()
    expect(await client.all()).toContain(`\r\n\r\n${echoed('first', 'second')}`)
  })
})
