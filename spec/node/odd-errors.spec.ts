/**
 * Errors of the application that throw when they are looked at: any value can be thrown.
 */
import { describe, expect, it, jest } from '@jest/globals'
import { map, timer } from 'rxjs'
import { serve } from '../../lib/node/serve.js'
import type { Handler } from '../../lib/reactive/streamed-reqd.js'
import { afterwards, connect, ask, signal, start } from '../helpers/net.js'

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

/** An error with a property that cannot be read. */
function guarded(name: string): Error {
  return Object.defineProperty(new Error('of the handler'), name, { get: () => { throw new Error('of the getter') } })
}

function fail(error: unknown): never {
  throw error
}

function rejected(error: unknown): Promise<never> {
  return new Promise(() => fail(error))
}

const ERRORS: readonly [string, () => unknown][] = [
  ['a revoked proxy', revoked], ['an error without a readable name', () => guarded('name')],
  ['an error without a readable code', () => guarded('code')], ['not a number', () => NaN],
]

describe('a server', () => {
  it.each(ERRORS)('reports %s once', async (_, make) => {
    const error = make()
    const server = await start(reqd => {
      if (reqd.target === '/twice') reqd.reportExn(error)
      fail(error)
    })
    expect(await ask(server)).toMatchObject({ status: 500 })
    expect(await ask(server, { path: '/twice' })).toMatchObject({ status: 500 })
    expect(server.errors.map(each => Object.is(each, error))).toEqual([true, true])
  })

  it.each(ERRORS)('reports %s of a source that a client left', async (_, make) => {
    const error = make()
    const reported = signal()
    const source = { next: () => new Promise<never>(() => undefined), return: () => rejected(error) }
    const body = { [Symbol.asyncIterator]: () => source }
    const server = await start(() => ({ body, head: 'atOnce' }), { onError: () => { reported.resolve() } })
    const client = await connect(server)
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    await client.receives('\r\n\r\n')
    client.reset()
    await reported.promise
  })

  it.each<[string, Handler]>([
    ['a handler', () => fail(revoked())],
    ['a promise', () => rejected(revoked())],
    ['an Observable', () => timer(0).pipe(map(() => fail(revoked())))],
    ['an upgrade', reqd => { reqd.takeOver(() => fail(revoked())) }],
  ])('without onError prints an error of %s that cannot be printed in other words', async (_, handler) => {
    const printed = signal<unknown>()
    jest.spyOn(console, 'error').mockImplementation(text => {
      if (typeof text !== 'string') throw new Error('of an inspection')
      printed.resolve(text)
    })
    const server = serve(handler, { host: '127.0.0.1' })
    afterwards(() => server.close({ graceMs: 0 }))
    await server.listening
    const client = await connect(server)
    client.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    expect(await printed.promise).toContain('cannot be printed')
    await client.ended
  })
})
