/**
 * The signal of a request as an EventTarget: it behaves like any other, but exceptions of listeners are reported.
 */
import { addAbortListener } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from '@jest/globals'
import { makeAbortController } from '../../lib/application/guarded-signal.js'

const FAILURE = new Error('it failed')
const REASON = new Error('the client left')

function guarded(): { signal: AbortSignal; abort: () => void; reported: unknown[] } {
  const reported: unknown[] = []
  const controller = makeAbortController(error => { reported.push(error) })
  return { signal: controller.signal, abort: () => { controller.abort(REASON) }, reported }
}

function fail(): never {
  throw FAILURE
}

function reject(): Promise<never> {
  return Promise.reject(FAILURE)
}

describe('a guarded signal', () => {
  it.each<[string, (signal: AbortSignal) => void]>([
    ['a listener', signal => { signal.addEventListener('abort', fail) }],
    ['an object', signal => { signal.addEventListener('abort', { handleEvent: fail }) }],
    ['a listener that is called once', signal => { signal.addEventListener('abort', fail, { once: true }) }],
    ['onabort', signal => { signal.onabort = fail }],
    ['a listener of node:events', signal => { addAbortListener(signal, fail) }],
    ['a promise', signal => { signal.addEventListener('abort', () => reject() as unknown as undefined) }],
  ])('reports what %s throws', async (_, listen) => {
    const { signal, abort, reported } = guarded()
    listen(signal)
    abort()
    await Promise.resolve()
    await Promise.resolve()
    expect(reported).toEqual([FAILURE])
  })

  it('calls the other listeners with the signal as `this` and with the event', () => {
    const { signal, abort } = guarded()
    const calls: unknown[] = []
    signal.addEventListener('abort', fail)
    signal.addEventListener('abort', function (this: unknown, event) { calls.push(this, event.type) })
    abort()
    expect(calls[0]).toBe(signal)
    expect(calls[1]).toBe('abort')
  })

  it('calls a listener that was added twice once, and a removed one never', () => {
    const { signal, abort } = guarded()
    const calls: string[] = []
    const [twice, removed] = [() => { calls.push('twice') }, () => { calls.push('removed') }]
    for (const listener of [twice, twice, removed]) signal.addEventListener('abort', listener)
    signal.removeEventListener('abort', removed)
    signal.removeEventListener('abort', fail)
    abort()
    expect(calls).toEqual(['twice'])
  })

  it('removes a listener by its own signal', () => {
    const [{ signal, abort }, controller] = [guarded(), new AbortController()]
    const calls: string[] = []
    signal.addEventListener('abort', () => { calls.push('called') }, { signal: controller.signal })
    controller.abort()
    abort()
    expect(calls).toEqual([])
  })

  it('accepts and refuses the listeners that an EventTarget does', () => {
    const { signal } = guarded()
    const add = signal.addEventListener as (...args: unknown[]) => void
    expect(() => { add.call(signal, 'abort', 'no listener') }).toThrow('listener')
    expect(() => { add.call(signal, 'abort', null) }).not.toThrow()
  })

  it('works with APIs that wait for a signal or derive one from it', async () => {
    const { signal, abort } = guarded()
    const any = AbortSignal.any([signal])
    const waiting = sleep(100_000, null, { signal })
    abort()
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' })
    expect(any.reason).toBe(REASON)
    expect(() => { signal.throwIfAborted() }).toThrow(REASON)
  })
})
