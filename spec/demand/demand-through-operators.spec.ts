/**
 * Demand through plain operators: whatever operators stand between a pausable source and a client, the memory that the
 * server holds is bounded, and nothing is lost.
 */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import {
  bufferCount, catchError, concat, concatMap as plainConcatMap, defer, delay, endWith, filter, from, map, merge,
  mergeMap as plainMergeMap, Observable, of, repeat, retry, scan, share, startWith, switchMap, tap, timer, toArray,
  type ObservableInput,
} from 'rxjs'
import { concatMap, mergeMap } from '../../lib/demand/flattening.js'
import { fromSource } from '../../lib/demand/from-source.js'
import { onBackpressureError } from '../../lib/demand/overflow-operators.js'
import { pulled } from '../../lib/demand/pages.js'
import { fromPublisher, toPublisher } from '../../lib/demand/reactive-streams/publisher.js'
import { BackpressureError } from '../../lib/errors.js'
import { inVirtualTime } from '../helpers/marbles.js'
import { metered, type MeteredSink } from '../reactive/metered-sink.js'

const MARK = 16
const COUNT = 1_000

/** The numbers as texts of four bytes. */
const VALUES = Array.from({ length: COUNT }, (_, n) => String(n).padStart(4, '0'))
const SIZE = 4

/** Pausable sources of the same values. */
const SOURCES: Record<string, () => Observable<string>> = {
  'pages': () => {
    const rest = VALUES.values()
    return pulled(() => {
      const { value } = rest.next()
      return value === undefined ? null : [value]
    })
  },
  'an iterable': () => fromSource(VALUES),
  'a publisher': () => fromPublisher(toPublisher(fromSource(VALUES), { highWaterMark: 1 })),
  'pages that are promised in virtual time': () => {
    const rest = VALUES.values()
    return pulled(() => timer(1).pipe(map(() => {
      const { value } = rest.next()
      return value === undefined ? null : [value]
    })))
  },
}

/** A stage: with demand; as in RxJS, which gives the expected output; and the most values that one value may become. */
interface Stage {
  readonly name: string
  readonly operate: (source: Observable<string>) => Observable<string>
  readonly plain: (source: Observable<string>) => Observable<string>
  readonly growth: number
}

function sync(name: string, growth: number, operate: Stage['operate']): Stage {
  return { name, operate, plain: operate, growth }
}

function flattening(name: string, project: (value: string) => ObservableInput<string>, growth: number): Stage[] {
  return [
    { name: `concatMap of ${name}`, operate: concatMap(project), plain: plainConcatMap(project), growth },
    {
      name: `mergeMap of ${name}`, operate: mergeMap(project, 3), plain: plainMergeMap(project, 3), growth: growth * 3,
    },
  ]
}

const FILTER = sync('filter', 1, filter(value => Number.parseInt(value) % 3 > 0))

const STAGES: readonly Stage[] = [
  sync('map', 1, map(value => value)),
  FILTER,
  sync('filter of all', 1, filter(() => false)),
  sync('scan', 1, scan((_, value) => value, '')),
  sync('bufferCount', 3, source => source.pipe(bufferCount(3), map(values => values.join('')))),
  sync('startWith, endWith', 2, source => source.pipe(startWith('<'), endWith('>'))),
  sync('tap', 1, tap(() => undefined)),
  sync('share', 1, share()),
  sync('an operator of RxJS that flattens at once', 2, plainConcatMap(value => [value, '+'])),
  ...flattening('what is there', value => of(value, '-'), 2),
  ...flattening('an iterable', value => [value], 1),
  ...flattening('what comes later', value => timer(3).pipe(map(() => value)), 1),
  ...flattening('nothing, later', () => timer(1).pipe(filter(() => false), map(String)), 1),
]

const chains = fc.array(fc.constantFrom(...STAGES), { maxLength: 4 })
  .filter(chain => chain.reduce((growth, stage) => growth * stage.growth, 1) <= 40)

const through = (source: Observable<string>, operators: readonly Stage['operate'][]): Observable<string> =>
  operators.reduce((values$, operate) => operate(values$), source)

const isMerging = ({ name }: Stage): boolean => name.startsWith('mergeMap')

/** Whether the order of the values, which `mergeMap` does not promise, decides which of them are combined. */
function mayCombineOthers(chain: readonly Stage[]): boolean {
  const merging = chain.findIndex(isMerging)
  return merging >= 0 && chain.slice(merging).some(({ name }) => name === 'bufferCount')
}

const charactersOf = (values: readonly string[]): Buffer => Buffer.from(values.join('')).sort()

/** The numbers of bytes that a client takes, one after another, repeatedly. */
function takes(sink: MeteredSink<string>, counts: readonly number[]): void {
  let turn = 0
  const take = (): void => {
    sink.drain(counts[turn++ % counts.length])
    if (sink.ends.length === 0 && turn < 100_000) timer(1).subscribe(take)
  }
  timer(1).subscribe(take)
}

/** The most that a chain holds for a client, and the output that the client receives. */
function play(source: Observable<string>, chain: readonly Stage[], counts: readonly number[]) {
  const { sink, subject } = metered<string>({ highWaterMark: MARK })
  let emitted = 0
  let most = 0
  const taken = (): number => sink.values.join('').length - sink.pending
  const chain$ = through(source, chain.map(({ operate }) => operate)).pipe(tap(value => {
    emitted += value.length
    most = Math.max(most, emitted - taken())
  }))
  inVirtualTime(({ flush }) => {
    chain$.pipe(onBackpressureError(subject.ready$)).subscribe(subject)
    takes(sink, counts)
    flush()
  })
  return { sink, most }
}

/** The output of the chain of RxJS's operators without backpressure. */
function outOf(chain: readonly Stage[]): string[] {
  let all: string[] = []
  inVirtualTime(({ flush }) => {
    through(from(VALUES), chain.map(({ plain }) => plain)).pipe(toArray()).subscribe(values => { all = values })
    flush()
  })
  return all
}

describe('a chain of operators between a pausable source and a slow client', () => {
  it.each(Object.entries(SOURCES))('holds the mark and the results of one value at most: %s', (_, source) => {
    const counts = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 })
    fc.assert(fc.property(chains, counts, (chain, drained) => {
      const { sink, most } = play(source(), chain, drained)
      const growth = chain.reduce((product, stage) => product * stage.growth, 1)
      expect(sink.ends).toEqual(['complete'])
      if (!mayCombineOthers(chain)) expect([...sink.values].sort()).toEqual(outOf(chain).sort())
      // A filter may then drop others, too; without one, the same characters arrive.
      else if (!chain.includes(FILTER)) expect(charactersOf(sink.values)).toEqual(charactersOf(outOf(chain)))
      if (!chain.some(isMerging)) expect(sink.values).toEqual(outOf(chain))
      // `bufferCount` and similar operators may combine several texts.
      expect(most).toBeLessThanOrEqual(MARK + 2 * growth * SIZE)
    }), { numRuns: 40 })
  })
})

describe('demand', () => {
  const KINDS: Record<string, () => Observable<string>> = {
    'the second source of a concat': () => concat(of('first'), SOURCES['pages']()),
    'the second source of a concat, behind one that can wait': () => concat(fromSource(['first']), SOURCES['pages']()),
    'the second of two sources, behind one that ends by itself': () =>
      of(timer(1).pipe(map(String)), SOURCES['pages']()).pipe(concatMap(each$ => each$)),
    'both sources of a merge': () => merge(SOURCES['pages'](), SOURCES['an iterable']()),
    'a source that follows an error': () => concat(of(1), pulled<string>(() => { throw new Error('no') })).pipe(
      map(String), catchError(() => SOURCES['pages']())),
    'a source that is repeated': () => fromSource(VALUES.slice(0, 300)).pipe(repeat(3)),
    'a source within RxJS\'s own flattening': () => of(1, 2).pipe(plainConcatMap(() => fromSource(VALUES))),
    'a source that is tried again': () => defer(() => SOURCES['pages']()).pipe(
      map((value, index) => { if (index === 3) throw new Error('no'); return value }), retry(1),
      catchError(() => SOURCES['an iterable']())),
    'a source that others switch to at once': () => of(1, 2).pipe(switchMap(() => fromSource(VALUES))),
    'a shared source': () => SOURCES['pages']().pipe(share()),
    'a function of demand made into an Observable': () => fromSource<string>(ready$ =>
      SOURCES['pages']().pipe(onBackpressureError(ready$))),
    'an iterable within a flattening': () => of(1, 2).pipe(mergeMap(() => VALUES, 2)),
    'two stages that take their time': () => SOURCES['pages']().pipe(
      concatMap(value => timer(2).pipe(map(() => value))), mergeMap(value => timer(5).pipe(map(() => value)), 2)),
  }

  it.each(Object.entries(KINDS))('reaches %s', (_, source) => {
    const { sink, most } = play(source(), [], [3, 9])
    expect(sink.ends).toEqual(['complete'])
    expect(sink.values.length).toBeGreaterThan(800)
    expect(most).toBeLessThanOrEqual(MARK + 4 * SIZE)
  })

  it('reaches the source no faster than asynchronous stages release values', () => {
    inVirtualTime(({ flush }) => {
      const { sink, subject } = metered<string>({ highWaterMark: MARK })
      let given = 0
      let ahead = 0
      SOURCES['pages']().pipe(
        tap(() => { ahead = Math.max(ahead, ++given - sink.values.length) }),
        concatMap(value => timer(1).pipe(map(() => value))),
        mergeMap(value => timer(9).pipe(map(() => value)), 2),
        concatMap(value => timer(2).pipe(map(() => value))),
        onBackpressureError(subject.ready$),
      ).subscribe(subject)
      takes(sink, [SIZE])
      flush()
      expect(sink.values).toHaveLength(COUNT)
      // One in each stage, two in the second, and those requested before the demand ended.
      expect(ahead).toBeLessThanOrEqual(4 + MARK / SIZE)
    })
  })

  it('does not reach a source that is subscribed later; the overflow policy applies to it', () => {
    const later$ = timer(1).pipe(plainConcatMap(() => SOURCES['an iterable']()))
    const { sink } = play(later$, [], [1])
    expect(sink.ends).toEqual([expect.any(BackpressureError)])
  })

  it('ends at an operator that delays; the overflow policy applies after it', () => {
    const { sink } = play(fromSource(VALUES).pipe(delay(1)), [], [1])
    expect(sink.ends).toEqual([expect.any(BackpressureError)])
  })

  it('does not exempt a source that cannot be paused beside one that can', () => {
    const { sink } = play(merge(fromSource(VALUES), timer(3).pipe(plainMergeMap(() => VALUES))), [], [1])
    expect(sink.ends).toEqual([expect.any(BackpressureError)])
  })

  it('is not taken by a source that the application subscribes itself meanwhile', () => {
    let other = 0
    const source = pulled<string>(() => {
      fromSource(VALUES).subscribe(() => { other++ })
      return ['x']
    })
    const { sink, subject } = metered<string>({ highWaterMark: 2 })
    source.pipe(onBackpressureError(subject.ready$)).subscribe(subject)
    expect([sink.values.length, other]).toEqual([2, 2 * COUNT])
  })

  it('unsubscribes every source when it ends, at whatever stage', () => {
    inVirtualTime(({ flush }) => {
      let active = 0
      const counted = <T>(source: Observable<T>): Observable<T> => new Observable(subscriber => {
        active++
        subscriber.add(() => { active-- })
        return source.subscribe(subscriber)
      })
      const { sink, subject } = metered<string>({ highWaterMark: MARK })
      const subscription = counted(SOURCES['pages']()).pipe(
        concatMap(value => counted(timer(2).pipe(map(() => value)))),
        mergeMap(value => counted(timer(50).pipe(map(() => value))), 2),
        onBackpressureError(subject.ready$),
      ).subscribe(subject)
      timer(20).subscribe(() => { subscription.unsubscribe() })
      flush()
      expect([active, sink.values.length]).toEqual([0, 0])
    })
  })

  it('does not limit a source that is subscribed without demand', () => {
    const seen: string[] = []
    const all$ = fromSource(VALUES).pipe(concatMap(value => [value]), mergeMap(value => of(value), 4))
    all$.subscribe(value => seen.push(value))
    expect(seen).toEqual(VALUES)
  })
})
