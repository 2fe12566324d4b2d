/**
 * Pages, which are requested as demand comes.
 */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { EMPTY, map, NEVER, type ObservableInput, of, Subject, take, timer } from 'rxjs'
import { onBackpressureError } from '../../lib/demand/overflow-operators.js'
import { type NextPage, type Page, pulled } from '../../lib/demand/pages.js'
import { inVirtualTime } from '../helpers/marbles.js'
import { metered } from '../reactive/metered-sink.js'

/** The demand of the digits in a `ready$` diagram. A letter of a page is a value of one byte. */
const wants = { 1: 1, 2: 2, 3: 3, 9: 9 }

/** Returns the pages one after another, then the end, and records the demand. */
function inOrder<P>(pages: P[], asked: number[] = []): (wanted: number) => P | null {
  const rest = pages.values()
  return wanted => {
    asked.push(wanted)
    return rest.next().value ?? null
  }
}

describe.each<[string, (page: unknown) => ObservableInput<unknown>]>([
  ['at once', page => of(page)],
  ['later', page => timer(1).pipe(map(() => page))],
])('an input that gives something else than a page %s', (_, given) => {
  it.each<[string, unknown]>([
    ['nothing', undefined], ['a number', 5], ['a text', 'abc'], ['a set', new Set(['a'])], ['an object', { length: 1 }],
  ])('fails the source: %s', (_name, page) => {
    inVirtualTime(({ flush }) => {
      const errors: unknown[] = []
      pulled(() => given(page) as ObservableInput<Page<string>>).subscribe({ error: error => { errors.push(error) } })
      flush()
      expect(errors).toEqual([new TypeError('a page is an array of values, or null for the end')])
    })
  })

  it('fails the source with the exception of reading the page', () => {
    inVirtualTime(({ flush }) => {
      const failure = new Error('no value')
      const page = Object.defineProperty(['a'], 0, { get: () => { throw failure } })
      const errors: unknown[] = []
      pulled(() => given(page) as ObservableInput<Page<string>>).subscribe({ error: error => { errors.push(error) } })
      flush()
      expect(errors).toEqual([failure])
    })
  })
})

describe('pages that are returned at once', () => {
  it('are requested while there is demand', () => {
    inVirtualTime(({ hot, expectObservable, expectSubscriptions, flush }) => {
      const asked: number[] = []
      const ready = hot('  --3-------2---9------', wants)
      const expected = '   --(abc)---(de)(fg|)'
      const pages = [['a', 'b'], ['c', 'd'], ['e', 'f'], ['g']]
      expectObservable(pulled<string>(inOrder(pages, asked)).pipe(onBackpressureError(ready))).toBe(expected)
      expectSubscriptions(ready.subscriptions).toBe('^-------------!')
      flush()
      expect(asked).toEqual([3, 1, 1, 8, 7])
    })
  })

  it('are not requested without demand', () => {
    inVirtualTime(({ expectObservable, flush }) => {
      const asked: number[] = []
      expectObservable(pulled(inOrder([['a']], asked)).pipe(onBackpressureError(NEVER))).toBe('-')
      flush()
      expect(asked).toEqual([])
    })
  })

  it('are requested again if they are empty', () => {
    inVirtualTime(({ hot, expectObservable }) => {
      const ready = hot('  -2------1-', wants)
      const expected = '   -(ab)---|'
      expectObservable(pulled(inOrder([[], [], ['a'], [], ['b'], []])).pipe(onBackpressureError(ready))).toBe(expected)
      expectObservable(pulled(inOrder([[], []])).pipe(onBackpressureError(ready))).toBe('-|')
    })
  })

  it('give other work a turn if empty pages never end', () => {
    inVirtualTime(({ expectObservable, flush }) => {
      let asked = 0
      const endless = pulled(() => {
        asked++
        return asked % 2 === 0 ? [] : ['']
      })
      const some$ = endless.pipe(onBackpressureError(of(9)), take(1_600))
      expectObservable(some$).toBe(`(${'a'.repeat(1_600)}|)`, { a: '' })
      flush()
      expect(asked).toBe(3_199)
    })
  })

  it('are not requested after an unsubscription within a page', () => {
    inVirtualTime(({ flush }) => {
      let asked = 0
      const endless = pulled<string>(() => {
        asked++
        return []
      })
      const subscription = endless.pipe(onBackpressureError(of(9))).subscribe()
      subscription.unsubscribe()
      flush()
      expect(asked).toBe(1_000)
    })
  })

  it('fail the source with the exception of the page function', () => {
    inVirtualTime(({ hot, expectObservable, expectSubscriptions }) => {
      const ready = hot('-1-1', wants)
      const pages = inOrder(['a'])
      const next: NextPage<string> = wanted => {
        const page = pages(wanted)
        if (page === null) throw new Error('no')
        return [page]
      }
      expectObservable(pulled(next).pipe(onBackpressureError(ready))).toBe('-a-#', undefined, new Error('no'))
      expectSubscriptions(ready.subscriptions).toBe('^--!')
    })
  })

  it('do not grow the stack', () => {
    const { sink, subject } = metered<string>({ highWaterMark: 999 })
    let left = 100_000
    const next = (): Page<string> => left-- > 0 ? ['x'] : null
    pulled(next).pipe(onBackpressureError(subject.ready$)).subscribe(subject)
    while (sink.pending > 0) sink.drain()
    expect(sink.values).toHaveLength(100_000)
    expect(sink.ends).toEqual(['complete'])
  })
})

describe('pages that are asynchronous', () => {
  it('are requested one at a time', () => {
    inVirtualTime(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const one = cold('      --p|', { p: ['a', 'b'] })
      const two = cold('        ----p--', { p: ['c'] })
      const end = cold('             --p', { p: null })
      const ready = hot('    -3------9----', wants)
      const expected = '     ---(ab)c--|'
      const oneSubs = '      -^-!'
      const twoSubs = '      ---^---!'
      const endSubs = '      --------^-!'
      expectObservable(pulled<string>(inOrder([one, two, end])).pipe(onBackpressureError(ready))).toBe(expected)
      expectSubscriptions(one.subscriptions).toBe(oneSubs)
      expectSubscriptions(two.subscriptions).toBe(twoSubs)
      expectSubscriptions(end.subscriptions).toBe(endSubs)
      expectSubscriptions(ready.subscriptions).toBe('^---------!')
    })
  })

  it('count against the demand that came meanwhile', () => {
    inVirtualTime(({ hot, cold, expectObservable, flush }) => {
      const asked: number[] = []
      const page = cold('---p|', { p: ['a'] })
      const ready = hot('-2-9--------1', wants)
      const expected = ' ----a--a--(a|)'
      const next = inOrder<typeof page | null>([page, page, page, null], asked)
      expectObservable(pulled<string>(next).pipe(onBackpressureError(ready))).toBe(expected)
      flush()
      expect(asked).toEqual([2, 8, 7, 6])
    })
  })

  it('are unsubscribed with the source', () => {
    inVirtualTime(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const page = cold<Page<string>>('--------')
      const ready = hot('-2------', wants)
      const unsub = '    ^----!  '
      expectObservable(pulled(() => page).pipe(onBackpressureError(ready)), unsub).toBe('-')
      expectSubscriptions(page.subscriptions).toBe('-^---!')
      expectSubscriptions(ready.subscriptions).toBe('^----!')
    })
  })

  it('fail the source if they fail, or if the demand fails', () => {
    inVirtualTime(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const page = cold<Page<string>>('--#')
      const ready = hot('-2---#', wants)
      const idle = cold<Page<string>>('--------')
      expectObservable(pulled(() => page).pipe(onBackpressureError(ready))).toBe('---#')
      expectObservable(pulled(() => idle).pipe(onBackpressureError(ready))).toBe('-----#')
      expectSubscriptions(idle.subscriptions).toBe('-^---!')
    })
  })

  it('may be any ObservableInput: its first value is the page, no value is an empty page', () => {
    inVirtualTime(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const two = cold<Page<string>>('  --(pq)   ', { p: ['b'], q: ['not this one'] })
      const none = cold<Page<string>>('   -|     ')
      const ready = hot('9-------', wants)
      const expected = ' a-b(c|)'
      const inputs: ObservableInput<Page<string>>[] = [of(['a']), EMPTY, two, none, new Set([['c']]), of(null)]
      const pages = inOrder(inputs)
      expectObservable(pulled<string>(pages).pipe(onBackpressureError(ready))).toBe(expected)
      expectSubscriptions(two.subscriptions).toBe(' ^-!')
      expectSubscriptions(none.subscriptions).toBe('--^!')
    })
  })

  it('may be promises', async () => {
    const pages = inOrder([Promise.resolve(['a']), Promise.resolve([]), Promise.resolve(['b', 'c'])])
    const seen: string[] = []
    await pulled<string>(pages).pipe(onBackpressureError(of(9))).forEach(value => seen.push(value))
    expect(seen).toEqual(['a', 'b', 'c'])
  })

  it('stop within a page when the source is unsubscribed', () => {
    const demand = new Subject<number>()
    const seen: string[] = []
    pulled(() => ['a', 'b', 'c']).pipe(onBackpressureError(demand)).pipe(take(2)).subscribe(value => seen.push(value))
    demand.next(9)
    expect(seen).toEqual(['a', 'b'])
    expect(demand.observed).toBe(false)
  })
})

describe('the number of pending bytes', () => {
  it('is at most the high-water mark and a page', () => {
    const pages = fc.array(fc.array(fc.nat(20), { maxLength: 4 }), { maxLength: 40 })
    const drains = fc.array(fc.nat(60), { maxLength: 40 })
    fc.assert(fc.property(pages, drains, fc.integer({ min: 1, max: 80 }), (sizes, takes, highWaterMark) => {
      const { sink, subject } = metered<Uint8Array>({ highWaterMark })
      const pages = sizes.map(page => page.map(size => new Uint8Array(size)))
      pulled(inOrder(pages)).pipe(onBackpressureError(subject.ready$)).subscribe(subject)
      for (const count of takes) sink.drain(count)
      expect(sink.peak).toBeLessThan(highWaterMark + 4 * 20)
      for (let i = 0; i <= sizes.flat().length; i++) sink.drain()
      expect(sink.values.map(chunk => chunk.length)).toEqual(sizes.flat())
      expect(sink.ends).toEqual(['complete'])
    }))
  })
})
