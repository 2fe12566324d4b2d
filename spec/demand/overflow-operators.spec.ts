/**
 * Values for which there is no demand: buffered, dropped, or an error, by operator.
 */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { EMPTY, NEVER, of, range, repeat, Subject, take } from 'rxjs'
import {
  onBackpressureBuffer, onBackpressureDrop, onBackpressureError, onBackpressureLatest,
} from '../../lib/demand/overflow-operators.js'
import { inVirtualTime } from '../helpers/marbles.js'
import { metered } from '../reactive/metered-sink.js'

/** The demand of the digits in a `ready$` diagram. A letter of a source is a value of one byte. */
const wants = { 1: 1, 2: 2, 3: 3, 9: 9 }
const tooFast = (waiting: number): unknown => expect.objectContaining({ name: 'BackpressureError', waiting })

describe('onBackpressureBuffer', () => {
  it('passes values while there is demand, and buffers the rest in order', () => {
    inVirtualTime(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const ready = hot('  --2------1---2----', wants)
      const source = cold('-a--bc-d---e-----f|')
      const subs = '       ^-----------------!'
      const expected = '   --a-b----c---(de)-'
      expectObservable(source.pipe(onBackpressureBuffer(ready, { bufferBytes: 3 }))).toBe(expected)
      expectSubscriptions(source.subscriptions).toBe(subs)
      expectSubscriptions(ready.subscriptions).toBe('^')
    })
  })

  it('delivers buffered values after the end of the source as demand comes', () => {
    inVirtualTime(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const ready = hot('  -----1--1--3--', wants)
      const source = cold('abc|')
      const expected = '   -----a--b--(c|)'
      expectObservable(source.pipe(onBackpressureBuffer(ready, { bufferBytes: 3 }))).toBe(expected)
      expectSubscriptions(source.subscriptions).toBe('^--!')
      expectSubscriptions(ready.subscriptions).toBe(' ^----------!')
    })
  })

  it('completes with the source if nothing is buffered', () => {
    inVirtualTime(({ hot, cold, expectObservable }) => {
      const ready = hot('  3-', wants)
      const source = cold('-a-|')
      expectObservable(source.pipe(onBackpressureBuffer(ready, { bufferBytes: 3 }))).toBe('-a-|')
    })
  })

  it('passes an error on at once, and drops what is buffered', () => {
    inVirtualTime(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const ready = hot('  -1---9-', wants)
      const source = cold('abc#')
      const expected = '   -a-#'
      expectObservable(source.pipe(onBackpressureBuffer(ready, { bufferBytes: 3 }))).toBe(expected)
      expectSubscriptions(ready.subscriptions).toBe('^--!')
    })
  })

  it('fails if the demand fails, and delivers nothing after the demand ends', () => {
    inVirtualTime(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const failing = hot(' -1-#', wants)
      const ending = hot('  -1-|', wants)
      const source = cold(' abcd|')
      const buffer = { bufferBytes: 9 }
      expectObservable(source.pipe(onBackpressureBuffer(failing, buffer))).toBe('-a-#')
      expectObservable(source.pipe(onBackpressureBuffer(ending, buffer))).toBe(' -a--')
      expectSubscriptions(source.subscriptions).toBe(['^--!', '^---!'])
    })
  })

  it.each<[unknown, string]>([
    [NaN, 'ready$ emits numbers, not NaN'],
    [1n, 'ready$ emits numbers, not a bigint'],
    [Symbol('two'), 'ready$ emits numbers, not a symbol'],
    ['3', 'ready$ emits numbers, not a string'],
  ])('fails if the demand is no number: %p', (wanted, message) => {
    const errors: unknown[] = []
    of('a').pipe(onBackpressureBuffer(of(wanted as number), { bufferBytes: 10 })).subscribe({
      error: error => { errors.push(error) },
    })
    expect(errors).toEqual([expect.objectContaining({ code: 'badRange', message })])
  })

  it('counts bytes: a value may exceed the remaining demand, and none passes with a demand of 0', () => {
    inVirtualTime(({ hot, cold, expectObservable }) => {
      const bytes = { a: 'abc', b: 'de', c: 'f', d: '' }
      const ready = hot('  2-------3----', wants)
      const source = cold('-a-b-c-d-----', bytes)
      const expected = '   -a------(bc)-'
      expectObservable(source.pipe(onBackpressureBuffer(ready, { bufferBytes: 4 }))).toBe(expected, bytes)
    })
  })

  it.each([
    ["'error', its default", {}, '                      -------#'],
    ["'dropNewest'", { overflow: 'dropNewest' as const }, '-----------(abc)--|'],
    ["'dropOldest'", { overflow: 'dropOldest' as const }, '-----------(def)--|'],
  ])('overflows as its policy says: %s', (_, options, expected) => {
    inVirtualTime(({ hot, cold, expectObservable }) => {
      const ready = hot('  -----------9', wants)
      const source = cold('-a-b-c-d-ef-------|')
      expectObservable(source.pipe(onBackpressureBuffer(ready, { bufferBytes: 3, ...options })))
        .toBe(expected, undefined, tooFast(3))
    })
  })

  it('reports what it drops: the oldest, even one larger than the buffer', () => {
    const dropped: string[] = []
    const delivered: string[] = []
    const ready$ = new Subject<number>()
    const options = { bufferBytes: 4, overflow: 'dropOldest' as const, onDrop: (value: string) => dropped.push(value) }
    const buffered = of('a', 'bb', 'ccccc', 'dd', '', 'e').pipe(onBackpressureBuffer(ready$, options))
    buffered.subscribe(value => delivered.push(value))
    ready$.next(9)
    expect({ dropped, delivered }).toEqual({ dropped: ['a', 'bb', 'ccccc'], delivered: ['dd', '', 'e'] })
  })

  it('fails with the exception of onDrop', () => {
    inVirtualTime(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-a-b-c')
      const drop = onBackpressureDrop<string>(NEVER, value => {
        if (value === 'b') throw new Error('no')
      })
      expectObservable(source.pipe(drop)).toBe('---#', undefined, new Error('no'))
      expectSubscriptions(source.subscriptions).toBe('^--!')
    })
  })

  it('unsubscribes from the source and from the demand', () => {
    inVirtualTime(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const ready = hot('  -1----', wants)
      const source = cold('abc---')
      const unsub = '      ^---!'
      expectObservable(source.pipe(onBackpressureBuffer(ready, { bufferBytes: 9 })), unsub).toBe('-a----')
      expectSubscriptions(ready.subscriptions).toBe(unsub)
      expectSubscriptions(source.subscriptions).toBe(unsub)
    })
  })

  it('counts empty values, so that they fill the buffer', () => {
    const errors: unknown[] = []
    const buffered = of('').pipe(repeat(5), onBackpressureBuffer(NEVER, { bufferBytes: 4 }))
    buffered.subscribe({ error: error => errors.push(error) })
    expect(errors).toEqual([tooFast(4)])
  })
})

describe('onBackpressureDrop', () => {
  it('drops values that arrive without demand', () => {
    inVirtualTime(({ hot, cold, expectObservable, flush }) => {
      const dropped: string[] = []
      const ready = hot('  --2-----1----', wants)
      const source = cold('-a-b-c-d-e-f-|')
      const expected = '   ---b-c---e---|'
      expectObservable(source.pipe(onBackpressureDrop(ready, value => dropped.push(value)))).toBe(expected)
      expectObservable(source.pipe(onBackpressureDrop(ready))).toBe(expected)
      flush()
      expect(dropped).toEqual(['a', 'd', 'f'])
    })
  })
})

describe('onBackpressureLatest', () => {
  it('keeps the newest value', () => {
    inVirtualTime(({ hot, cold, expectObservable }) => {
      const ready = hot('  ----1-----2------1---', wants)
      const source = cold('-ab----cd----e-f-----|')
      const expected = '   ----b-----d--e---f---|'
      expectObservable(source.pipe(onBackpressureLatest(ready))).toBe(expected)
    })
  })

  it('delivers the newest value after the end of the source', () => {
    inVirtualTime(({ hot, cold, expectObservable }) => {
      const ready = hot('  ----1', wants)
      const source = cold('-ab|')
      expectObservable(source.pipe(onBackpressureLatest(ready))).toBe('----(b|)')
    })
  })
})

describe('onBackpressureError', () => {
  it('fails at the first value without demand', () => {
    inVirtualTime(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const ready = hot('  2----1-------', wants)
      const source = cold('-a-b--c--d--|')
      const expected = '   -a-b--c--#'
      expectObservable(source.pipe(onBackpressureError(ready))).toBe(expected, undefined, tooFast(0))
      expectSubscriptions(source.subscriptions).toBe('^--------!')
    })
  })
})

describe('an overflow operator with synchronous sources', () => {
  it('does not subscribe to the source if the demand has failed', () => {
    inVirtualTime(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-a-')
      expectObservable(source.pipe(onBackpressureDrop(cold('#')))).toBe('#')
      expectSubscriptions(source.subscriptions).toBe('(^!)')
    })
  })

  it('stops an endless synchronous source', () => {
    const seen: number[] = []
    range(0, Infinity).pipe(onBackpressureDrop(of(9)), take(3)).subscribe(value => seen.push(value))
    expect(seen).toEqual([0, 1, 2])
  })

  it('completes with an empty source', () => {
    let isComplete = false
    EMPTY.pipe(onBackpressureLatest(NEVER)).subscribe({ complete: () => isComplete = true })
    expect(isComplete).toBe(true)
  })

  it('does not grow the stack if each value brings the next demand', () => {
    const { sink, subject } = metered<number>({ highWaterMark: 2, lowWaterMark: 0 })
    sink.write = value => sink.values.push(value)
    const started = new Subject<number>()
    const source = range(0, 100_000).pipe(onBackpressureBuffer<number>(started, { bufferBytes: 100_000 }))
    source.subscribe(subject)
    subject.ready$.subscribe(started)
    expect(sink.values).toHaveLength(100_000)
    expect(sink.ends).toEqual(['complete'])
  })

  it('does not grow the stack if the consumer of a value grants the next one', () => {
    const ready$ = new Subject<number>()
    let count = 0
    range(0, 100_000).pipe(onBackpressureBuffer<number>(ready$, { bufferBytes: 100_000 })).subscribe(() => {
      count++
      ready$.next(1)
    })
    ready$.next(1)
    expect(count).toBe(100_000)
    expect(ready$.observed).toBe(false)
  })

  it('keeps the order if a value arrives while another passes', () => {
    const ready$ = new Subject<number>()
    const source = new Subject<string>()
    const seen: string[] = []
    source.pipe(onBackpressureBuffer(ready$, { bufferBytes: 9 })).subscribe(value => {
      seen.push(value)
      if (value === 'a') source.next('c')
      if (value === 'b') source.complete()
    })
    source.next('a')
    source.next('b')
    ready$.next(9)
    expect(seen).toEqual(['a', 'b', 'c'])
    expect(ready$.observed).toBe(false)
  })
})

describe('the number of buffered bytes', () => {
  it('is at most the buffer, the high-water mark and the rest of a chunk', () => {
    const step = fc.record({ size: fc.nat(40), taken: fc.nat(30) })
    const overflows = fc.constantFrom('dropOldest', 'dropNewest')
    const marks = fc.record({
      bufferBytes: fc.integer({ min: 40, max: 99 }),
      highWaterMark: fc.integer({ min: 1, max: 60 }),
    })
    fc.assert(fc.property(fc.array(step), overflows, marks, (steps, policy, { bufferBytes, highWaterMark }) => {
      const { sink, subject } = metered<Uint8Array>({ highWaterMark })
      const source = new Subject<Uint8Array>()
      const total = { sent: 0, dropped: 0, taken: 0 }
      const onDrop = (chunk: Uint8Array): void => void (total.dropped += chunk.length)
      const buffer = onBackpressureBuffer(subject.ready$, { bufferBytes, overflow: policy, onDrop })
      source.pipe(buffer).subscribe(subject)
      for (const { size, taken } of steps) {
        source.next(new Uint8Array(size))
        total.sent += size
        total.taken += Math.min(taken, sink.pending)
        sink.drain(taken)
        const held = total.sent - total.dropped - total.taken
        expect(sink.peak).toBeLessThan(highWaterMark + 40)
        expect(held - sink.pending).toBeLessThanOrEqual(bufferBytes)
      }
      source.complete()
      for (let i = 0; i <= steps.length; i++) sink.drain()
      expect(sink.values.reduce((sum, chunk) => sum + chunk.length, 0)).toBe(total.sent - total.dropped)
      expect(sink.ends).toEqual(['complete'])
    }))
  })
})
