/**
 * The reply of an event stream in virtual time: its head, heartbeats, overflow policies and shutdown.
 */
import { describe, expect, it } from '@jest/globals'
import {
  EMPTY, NEVER, of, type Observable, type SchedulerLike, Subject, Subscription, VirtualTimeScheduler,
} from 'rxjs'
import { type RunHelpers } from 'rxjs/testing'
import { BackpressureError, LocalProtocolError } from '../../lib/errors.js'
import { type SseEvent, sse, type SseOptions } from '../../lib/sse/index.js'
import { inVirtualTime } from '../helpers/marbles.js'
import { metered } from '../reactive/metered-sink.js'

type Source = Observable<SseEvent | string>
type Body = (ready$: Observable<number>, closing$: Observable<void>) => Observable<string>

const bodyOf = (source$: Source, options?: SseOptions): Body => sse(source$, options).body as Body

/** The stream of a client that takes everything at once. */
const eager = ({ cold }: RunHelpers): Observable<number> => cold('r---------', { r: 16_384 })

const C = ':\n\n'
const data = (text: string): string => `data: ${text}\n\n`

describe('the reply', () => {
  it('is an event stream that is neither cached nor buffered', () => {
    const reply = sse(NEVER)
    expect(reply.status).toBeUndefined()
    expect(reply.headers.toList()).toEqual([
      ['content-type', 'text/event-stream'],
      ['cache-control', 'no-store'],
      ['x-accel-buffering', 'no'],
    ])
    expect(reply).not.toHaveProperty('highWaterMark')
  })

  it('has the given high-water mark', () => {
    expect(sse(NEVER, { highWaterMark: 100 }).highWaterMark).toBe(100)
  })

  it('is refused with a retry that the format cannot carry', () => {
    expect(() => sse(NEVER, { retry: 1.5 })).toThrow(LocalProtocolError)
  })
})

describe('the stream', () => {
  it('starts with a comment, sends each event, and ends with its source', () => {
    inVirtualTime(helpers => {
      const source$ = helpers.cold('-a-b-|')
      const expected = '                            ca-b-|'
      helpers.expectObservable(bodyOf(source$)(eager(helpers), NEVER))
        .toBe(expected, { c: C, a: data('a'), b: data('b') })
      helpers.expectSubscriptions(source$.subscriptions).toBe('^----!')
    })
  })

  it('starts with the given retry', () => {
    inVirtualTime(helpers => {
      const body$ = bodyOf(EMPTY, { retry: 250 })(eager(helpers), NEVER)
      helpers.expectObservable(body$).toBe('(r|)', { r: 'retry: 250\n\n' })
    })
  })

  it('fails with its source', () => {
    inVirtualTime(helpers => {
      const body$ = bodyOf(helpers.cold('-#'))(eager(helpers), NEVER)
      helpers.expectObservable(body$).toBe('c#', { c: C })
    })
  })

  it('fails with an event that the format cannot carry', () => {
    inVirtualTime(helpers => {
      const source$ = helpers.cold<SseEvent>('-a-b', { a: { id: '1' }, b: { id: '\n' } })
      const body$ = bodyOf(source$)(eager(helpers), NEVER)
      const error = new LocalProtocolError('badField', 'id must not contain "\\n"')
      helpers.expectObservable(body$).toBe('ca-#', { c: C, a: 'id: 1\n\n' }, error)
      helpers.expectSubscriptions(source$.subscriptions).toBe('^--!')
    })
  })

  it('leaves a source that has completed at once, while its events wait, and ends when the client leaves', () => {
    inVirtualTime(helpers => {
      const source$ = helpers.cold('-(abd|)')
      const ready$ = helpers.cold('r----r---', { r: 1 })
      const closing$ = helpers.hot<undefined>('---------')
      helpers.expectObservable(bodyOf(source$)(ready$, closing$), '^-------!')
        .toBe('ca---b---', { c: C, a: data('a'), b: data('b') })
      helpers.expectSubscriptions(source$.subscriptions).toBe('^!')
      helpers.expectSubscriptions(ready$.subscriptions).toBe('^-------!')
      helpers.expectSubscriptions(closing$.subscriptions).toBe('^-------!')
    })
  })

  it('has no heartbeat after the client has left, also if its source completed before', () => {
    const scheduler = new VirtualTimeScheduler()
    const client = bodyOf(of('a', 'b'), { scheduler })(NEVER, NEVER).subscribe()
    expect(scheduler.actions).toHaveLength(1)
    client.unsubscribe()
    expect(scheduler.actions).toEqual([])
  })

  it('unsubscribes its source when the client leaves', () => {
    inVirtualTime(helpers => {
      const source$ = helpers.cold('-a-b-')
      helpers.expectObservable(bodyOf(source$)(eager(helpers), NEVER), '^-!').toBe('ca', { c: C, a: data('a') })
      helpers.expectSubscriptions(source$.subscriptions).toBe('^-!')
    })
  })
})

describe('shutdown', () => {
  it('ends the stream with a retry of three seconds', () => {
    inVirtualTime(helpers => {
      const source$ = helpers.cold('-a---b')
      const closing$ = helpers.cold<undefined>('---(x|)') as unknown as Observable<void>
      const expected = '                           ca-(r|)'
      helpers.expectObservable(bodyOf(source$)(eager(helpers), closing$))
        .toBe(expected, { c: C, a: data('a'), r: 'retry: 3000\n\n' })
      helpers.expectSubscriptions(source$.subscriptions).toBe('^--!')
    })
  })

  it('ends the stream with the given retry', () => {
    inVirtualTime(helpers => {
      const closing$ = helpers.cold<undefined>('-(x|)') as unknown as Observable<void>
      const body$ = bodyOf(NEVER, { retry: 9 })(eager(helpers), closing$)
      helpers.expectObservable(body$).toBe('r(r|)', { r: 'retry: 9\n\n' })
    })
  })

  it('subscribes no source if it has begun before', () => {
    inVirtualTime(helpers => {
      const source$ = helpers.cold('a')
      const closing$ = helpers.cold<undefined>('(x|)') as unknown as Observable<void>
      helpers.expectObservable(bodyOf(source$)(eager(helpers), closing$)).toBe('(cr|)', { c: C, r: 'retry: 3000\n\n' })
      helpers.expectSubscriptions(source$.subscriptions).toBe('(^!)')
    })
  })
})

describe('heartbeats', () => {
  it('come every 15 seconds', () => {
    inVirtualTime(helpers => {
      const ready$ = helpers.hot<number>('r 14999ms r 14999ms r', { r: 100 })
      const body$ = bodyOf(NEVER)(ready$, NEVER)
      helpers.expectObservable(body$, '^ 40s !').toBe('c 14999ms c 14999ms c', { c: C })
    })
  })

  it('come at the given interval', () => {
    inVirtualTime(helpers => {
      const ready$ = helpers.hot<number>('rrrrrrrr', { r: 100 })
      helpers.expectObservable(bodyOf(NEVER, { heartbeatMs: 3 })(ready$, NEVER), '^------!').toBe('c--c--c', { c: C })
    })
  })

  it('do not come if they are off', () => {
    inVirtualTime(helpers => {
      helpers.expectObservable(bodyOf(NEVER, { heartbeatMs: 0 })(eager(helpers), NEVER), '^ 60m !').toBe('c', { c: C })
    })
  })

  it('are dropped while the client does not read', () => {
    inVirtualTime(helpers => {
      const ready$ = helpers.hot<number>('r----r---', { r: 100 })
      const body$ = bodyOf(NEVER, { heartbeatMs: 2 })(ready$, NEVER)
      helpers.expectObservable(body$, '^--------!').toBe('c-c---c--', { c: C })
    })
  })

  it('use the given scheduler', () => {
    inVirtualTime(helpers => {
      const delays: number[] = []
      const schedule = ((_work: unknown, delay: number) => {
        delays.push(delay)
        return Subscription.EMPTY
      }) as SchedulerLike['schedule']
      const body$ = bodyOf(NEVER, { heartbeatMs: 7, scheduler: { now: () => 0, schedule } })(eager(helpers), NEVER)
      body$.subscribe().unsubscribe()
      expect(delays).toEqual([7])
    })
  })
})

describe('a client that is too slow', () => {
  /** Emits five events of 60 bytes to a sink that has room for 100 bytes and takes nothing. */
  function flood(options: SseOptions): { taken: () => string[]; end: () => unknown; drain: () => void } {
    const { sink, subject } = metered<string>({ highWaterMark: 100, lowWaterMark: 50 })
    const source = new Subject<string>()
    bodyOf(source, { ...options, highWaterMark: 100, heartbeatMs: 0 })(subject.ready$, NEVER).subscribe(subject)
    for (const letter of ['a', 'b', 'c', 'd', 'e']) source.next(letter.repeat(52))
    return {
      taken: () => sink.values.slice(1).map(text => text.slice(6, 7)),
      end: () => sink.ends[0],
      drain: () => { sink.drain() },
    }
  }

  it('is cut with error', () => {
    const { taken, end } = flood({ overflow: 'error' })
    expect(taken()).toEqual(['a', 'b'])
    expect(end()).toBeInstanceOf(BackpressureError)
  })

  it('receives everything when it reads on, with the default', () => {
    const { taken, end, drain } = flood({})
    expect(taken()).toEqual(['a', 'b'])
    for (let reads = 0; reads < 5; reads++) drain()
    expect(taken()).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect(end()).toBeUndefined()
  })

  it('loses events that onDrop receives as they were before encoding', () => {
    const lost: unknown[] = []
    flood({ overflow: 'latest', onDrop: event => { lost.push(event) } })
    expect(lost).toEqual(['c'.repeat(52), 'd'.repeat(52)])
  })

  it('is cut with the exception of onDrop', () => {
    const failure = new Error('no event may be lost')
    expect(flood({ overflow: 'latest', onDrop: () => { throw failure } }).end()).toBe(failure)
  })

  it.each<[SseOptions['overflow'], string[]]>([
    ['dropNewest', ['a', 'b']],
    ['dropOldest', ['a', 'b', 'e']],
    ['latest', ['a', 'b', 'e']],
    [{ bufferBytes: 1000 }, ['a', 'b', 'c', 'd', 'e']],
  ])('receives what was kept with %j when it reads on', (overflow, events) => {
    const { taken, end, drain } = flood({ overflow: overflow! })
    expect(taken()).toEqual(['a', 'b'])
    for (let reads = 0; reads < 5; reads++) drain()
    expect(taken()).toEqual(events)
    expect(end()).toBeUndefined()
  })

  it('is cut when its buffer is full', () => {
    expect(flood({ overflow: { bufferBytes: 100 } }).end()).toBeInstanceOf(BackpressureError)
  })

  it('receives a regular end of the stream with disconnect', () => {
    const { taken, end } = flood({ overflow: 'disconnect' })
    expect(taken()).toEqual(['a', 'b'])
    expect(end()).toBe('complete')
  })

  it('is still cut with disconnect if the source fails', () => {
    inVirtualTime(helpers => {
      const body$ = bodyOf(helpers.cold('-#'), { overflow: 'disconnect' })(eager(helpers), NEVER)
      helpers.expectObservable(body$).toBe('c#', { c: C })
    })
  })
})
