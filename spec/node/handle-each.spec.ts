/**
 * The handler as an operator in the pipeline of `listen`.
 */
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { describe, expect, it } from '@jest/globals'
import { mergeMap, Observable, Subject, type Subscription } from 'rxjs'
import { HttpError } from '../../lib/errors.js'
import { listen } from '../../lib/node/listen.js'
import { handleEach, type HandleEachOptions } from '../../lib/reactive/handle-each.js'
import type { Reply } from '../../lib/reactive/reply.js'
import type { Handler } from '../../lib/reactive/streamed-reqd.js'
import { freePort } from '../helpers/listening.js'
import { afterwards, signal } from '../helpers/net.js'

/** A server whose pipeline ends in the handler. */
async function pipeline(
  handler: Handler, options?: HandleEachOptions,
): Promise<{ port: number; done: string[]; errors: unknown[]; subscription: Subscription }> {
  const port = await freePort()
  const [done, errors, failures]: [string[], unknown[], unknown[]] = [[], [], []]
  const subscription = listen({ port, host: '127.0.0.1', onError: error => { errors.push(error) } }).pipe(
    mergeMap(({ requests$ }) => requests$), handleEach(handler, options),
  ).subscribe({ next: ({ target }) => { done.push(target) }, error: error => { failures.push(error) } })
  afterwards(() => {
    subscription.unsubscribe()
    expect(failures).toEqual([])
  })
  return { port, done, errors, subscription }
}

async function get(port: number, path: string): Promise<number | undefined> {
  const sent = request({ port, host: '127.0.0.1', path, agent: false }).end()
  const [response] = await once(sent, 'response') as [IncomingMessage]
  response.resume()
  await once(response, 'end')
  return response.statusCode
}

describe('handleEach', () => {
  it('turns a failure into the response of its request, and continues', async () => {
    const failure = new Error('it failed')
    const { port, done, errors } = await pipeline(reqd => {
      if (reqd.target === '/throw') throw failure
      if (reqd.target === '/reject') return Promise.reject(new HttpError(404))
      return { body: 'fine' }
    })
    expect(await get(port, '/throw')).toBe(500)
    expect(await get(port, '/reject')).toBe(404)
    expect(await get(port, '/')).toBe(200)
    expect(done).toEqual(['/throw', '/reject', '/'])
    expect(errors).toMatchObject([failure, { status: 404 }])
  })

  it('unsubscribes the work for a client that leaves', async () => {
    const [begun, stopped] = [signal(), signal()]
    const { port } = await pipeline(() => new Observable<Reply>(() => {
      begun.resolve()
      return () => { stopped.resolve() }
    }))
    const sent = request({ port, host: '127.0.0.1', agent: false }).on('error', () => undefined).end()
    await begun.promise
    sent.destroy()
    await stopped.promise
  })

  it('does not begin a request whose client left while it waited, and answers the rest in order', async () => {
    const handled: string[] = []
    const first = new Subject<Reply>()
    const arrived = signal()
    const port = await freePort()
    const done = signal()
    let count = 0
    const aborted = signal()
    const subscription = listen({ port, host: '127.0.0.1' }).pipe(
      mergeMap(({ requests$ }) => requests$.pipe(mergeMap(reqd => {
        if (reqd.target === '/left') reqd.signal.addEventListener('abort', () => { aborted.resolve() })
        if (++count === 3) arrived.resolve()
        return [reqd]
      }))),
      handleEach(reqd => {
        handled.push(reqd.target)
        return reqd.target === '/first' ? first : { body: 'it' }
      }, { concurrent: 1 }),
    ).subscribe(({ target }) => { if (target === '/last') done.resolve() })
    afterwards(() => { subscription.unsubscribe() })
    const answers = [get(port, '/first')]
    while (handled.length === 0) await new Promise(resolve => { setImmediate(resolve) })
    const left = request({ port, host: '127.0.0.1', path: '/left', agent: false }).on('error', () => undefined).end()
    while (count < 2) await new Promise(resolve => { setImmediate(resolve) })
    answers.push(get(port, '/last'))
    await arrived.promise
    left.destroy()
    await aborted.promise
    first.next({ body: 'first' })
    expect(await Promise.all(answers)).toEqual([200, 200])
    await done.promise
    expect(handled).toEqual(['/first', '/last'])
  })
})
