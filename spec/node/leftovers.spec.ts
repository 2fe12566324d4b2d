/**
 * A request body that its handler began to read and abandoned, over a real socket: the connection stays open.
 */
import { describe, expect, it } from '@jest/globals'
import { filter } from 'rxjs'
import { connect, next, start } from '../helpers/net.js'
import { get, post } from '../helpers/runtime.js'

describe('a body that an asynchronous handler began to iterate over and abandoned', () => {
  it('is drained when the response is sent, and the next request is answered', async () => {
    const server = await start(async reqd => {
      if (reqd.target === '/next') return { body: 'next' }
      await reqd.body[Symbol.asyncIterator]().next()
      return { body: 'ok' }
    }, { connectionsCheckingInterval: 5, lingerTimeout: 200 })
    const timeout = next(server.events$.pipe(filter(({ type }) => type === 'timeout')))
    const client = await connect(server)
    client.send(post('hello').slice(0, -2))
    await client.receives('ok')
    expect(await timeout).toMatchObject({ limit: 'lingerTimeout' })
    client.send(`lo${get('/next')}`)
    expect(await client.receives('next')).toContain('next')
  })
})
