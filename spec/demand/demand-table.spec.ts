/**
 * The table of operators in docs/demand.md is true: each of its operators is tried between a pausable source and a
 * client that takes nothing, and the demand behaves as the table says.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import {
  audit, auditTime, buffer, bufferCount, bufferTime, bufferToggle, bufferWhen, catchError, combineLatest,
  combineLatestWith, concat, concatAll, concatMap, concatWith, count, debounceTime, defaultIfEmpty, defer, delay,
  delayWhen, distinct, distinctUntilChanged, endWith, exhaustMap, expand, filter, finalize,
  forkJoin, ignoreElements, last, map, materialize, max, merge, mergeAll, mergeMap, mergeScan, mergeWith, min, NEVER,
  observeOn, of, pairwise, race, reduce, repeat, retry, sample, scan, share, shareReplay, skip, skipUntil,
  skipWhile, startWith, subscribeOn, switchAll, switchMap, switchScan, take, takeLast, takeUntil, takeWhile, tap,
  throttleTime, throwError, throwIfEmpty, timeInterval, timeout, timer, timestamp, toArray,
  withLatestFrom, zip, zipWith, asyncScheduler, type Observable,
} from 'rxjs'
import { concatMap as concatMapWithDemand, mergeMap as mergeMapWithDemand } from '../../lib/demand/flattening.js'
import { fromSource } from '../../lib/demand/from-source.js'
import { onBackpressureError } from '../../lib/demand/overflow-operators.js'
import { BackpressureError } from '../../lib/errors.js'
import { ROOT } from '../helpers/built.js'
import { inVirtualTime } from '../helpers/marbles.js'
import { metered } from '../reactive/metered-sink.js'

const COUNT = 500
const later = <T>(value: T): Observable<T> => timer(1).pipe(map(() => value))
type Values$ = Observable<string>

/** Each operator by its row in the table, with a chain that contains it. */
const PASSES: Record<string, (source: Values$) => Observable<unknown>> = {
  map: s => s.pipe(map(v => v)),
  filter: s => s.pipe(filter(() => true)),
  scan: s => s.pipe(scan((_, v) => v)),
  tap: s => s.pipe(tap(() => undefined)),
  take: s => s.pipe(take(COUNT)),
  takeWhile: s => s.pipe(takeWhile(() => true)),
  takeUntil: s => s.pipe(takeUntil(NEVER)),
  skip: s => s.pipe(skip(1)),
  skipWhile: s => s.pipe(skipWhile((_, index) => index < 2)),
  skipUntil: s => s.pipe(skipUntil(of(1))),
  bufferCount: s => s.pipe(bufferCount(3), map(values => values.join(''))),
  pairwise: s => s.pipe(pairwise(), map(values => values.join(''))),
  distinct: s => s.pipe(distinct()),
  distinctUntilChanged: s => s.pipe(distinctUntilChanged()),
  startWith: s => s.pipe(startWith('a')),
  endWith: s => s.pipe(endWith('a')),
  defaultIfEmpty: s => s.pipe(defaultIfEmpty('a')),
  throwIfEmpty: s => s.pipe(throwIfEmpty()),
  finalize: s => s.pipe(finalize(() => undefined)),
  materialize: s => s.pipe(materialize(), map(({ value }) => value ?? '')),
  timestamp: s => s.pipe(timestamp(), map(({ value }) => value)),
  timeInterval: s => s.pipe(timeInterval(), map(({ value }) => value)),
  timeout: s => s.pipe(timeout({ first: 1e9 })),
  withLatestFrom: s => s.pipe(withLatestFrom(of(1)), map(([value]) => value)),
  merge: s => merge(s, s),
  mergeWith: s => s.pipe(mergeWith(s)),
  race: s => race(s, NEVER),
  share: s => s.pipe(share()),
  shareReplay: s => s.pipe(shareReplay(1)),
  concat: s => concat(fromSource(['a']), s),
  concatWith: s => fromSource(['a']).pipe(concatWith(s)),
  repeat: s => s.pipe(repeat(2)),
  catchError: s => throwError(() => 1).pipe(catchError(() => s)),
  retry: s => {
    let tries = 0
    return defer(() => tries++ === 0 ? throwError(() => 1) : s).pipe(retry(1))
  },
  concatMap: s => s.pipe(concatMap(value => [value])),
  mergeMap: s => s.pipe(mergeMap(value => of(value))),
  switchMap: s => s.pipe(switchMap(value => of(value))),
  exhaustMap: s => s.pipe(exhaustMap(value => of(value))),
  expand: s => s.pipe(expand((_, index) => index % 2 === 0 ? of('a') : [])),
  mergeScan: s => s.pipe(mergeScan((_, value) => of(value), '')),
  switchScan: s => s.pipe(switchScan((_, value) => of(value), '')),
  concatAll: s => of(s).pipe(concatAll()),
  mergeAll: s => of(s).pipe(mergeAll()),
  switchAll: s => of(s).pipe(switchAll()),
}

const OURS: Record<string, (source: Values$) => Observable<unknown>> = {
  concatMap: s => s.pipe(concatMapWithDemand(later)),
  mergeMap: s => s.pipe(mergeMapWithDemand(later, 3)),
}

const ENDS: Record<string, (source: Values$) => Observable<unknown>> = {
  concatMap: s => s.pipe(concatMap(later)),
  mergeMap: s => s.pipe(mergeMap(later, 2)),
  switchMap: s => s.pipe(switchMap(later)),
  exhaustMap: s => s.pipe(exhaustMap(later)),
  concat: s => concat(later('a'), s),
  repeat: s => {
    let times = 0
    return defer(() => times++ === 0 ? later('a') : s).pipe(repeat(2))
  },
  retry: s => {
    let tries = 0
    return defer(() => tries++ === 0 ? later('a').pipe(concatMap(() => throwError(() => 1))) : s).pipe(retry(1))
  },
  delay: s => s.pipe(delay(1)),
  delayWhen: s => s.pipe(delayWhen(() => timer(1))),
  observeOn: s => s.pipe(observeOn(asyncScheduler)),
  subscribeOn: s => s.pipe(subscribeOn(asyncScheduler)),
  debounceTime: s => s.pipe(debounceTime(1)),
  auditTime: s => s.pipe(auditTime(1)),
  audit: s => s.pipe(audit(() => timer(1))),
  throttleTime: s => s.pipe(throttleTime(1)),
  sample: s => s.pipe(sample(timer(1))),
  bufferTime: s => s.pipe(bufferTime(1), map(values => values.join(''))),
  buffer: s => s.pipe(buffer(timer(1)), map(values => values.join(''))),
  bufferToggle: s => s.pipe(bufferToggle(of(1), () => timer(1)), map(values => values.join(''))),
  bufferWhen: s => s.pipe(bufferWhen(() => timer(1)), map(values => values.join(''))),
  zip: s => zip(s, later('a')).pipe(map(values => values.join(''))),
  zipWith: s => s.pipe(zipWith(later('a')), map(values => values.join(''))),
  combineLatest: s => combineLatest([s, later('a')]).pipe(map(values => values.join(''))),
  combineLatestWith: s => s.pipe(combineLatestWith(later('a')), map(values => values.join(''))),
}

const COLLECTS: Record<string, (source: Values$) => Observable<unknown>> = {
  reduce: s => s.pipe(reduce((_, value) => value)),
  toArray: s => s.pipe(toArray(), map(values => values.join(''))),
  count: s => s.pipe(count(), map(String)),
  min: s => s.pipe(min()),
  max: s => s.pipe(max()),
  last: s => s.pipe(last()),
  takeLast: s => s.pipe(takeLast(1)),
  ignoreElements: s => s.pipe(ignoreElements()),
  forkJoin: s => forkJoin([s]).pipe(map(values => values.join(''))),
}

/** The number of values requested from the source while the client takes none; and whether the policy cut it. */
function asked(operate: (source: Values$) => Observable<unknown>): { given: number; isCut: boolean } {
  let given = 0
  const source$ = fromSource({
    * [Symbol.iterator]() {
      while (given < COUNT) yield String(given++)
    },
  })
  const { sink, subject } = metered<unknown>({ highWaterMark: 16 })
  inVirtualTime(({ flush }) => {
    operate(source$).pipe(onBackpressureError(subject.ready$)).subscribe(subject)
    flush()
  })
  return { given, isCut: sink.ends[0] instanceof BackpressureError }
}

function expectKept(operate: (source: Values$) => Observable<unknown>): void {
  const { given, isCut } = asked(operate)
  expect(given).toBeLessThan(30)
  expect(isCut).toBe(false)
}

/** The operators in rows of the table whose second cell begins with this text. */
function named(...starts: string[]): string[] {
  const text = readFileSync(join(ROOT, 'docs/demand.md'), 'utf8')
  const rows = text.slice(text.indexOf('## Operators')).split('\n').filter(line => line.startsWith('|'))
    .map(line => line.split('|').map(cell => cell.trim()))
    .filter(([, , demand]) => starts.some(start => demand.startsWith(start)))
  return [...new Set(rows.flatMap(([, names]) => [...names.matchAll(/`(\w+)`/g)].map(([, name]) => name)))].sort()
}

describe.each([
  ['passes', 'passes', PASSES],
  ['ends', 'ends', ENDS],
  ['consumes everything', 'consumes everything', COLLECTS],
])('the operators in docs/demand.md through which demand %s', (_, start, cases) => {
  it('are all checked here', () => {
    expect(named(start)).toEqual(Object.keys(cases).sort())
  })
})

describe('demand', () => {
  it.each(Object.entries(PASSES))('passes through %s', (_, operate) => {
    expectKept(operate)
  })

  it.each(Object.entries(OURS))('passes through %s of httprx to inner sources', (_, operate) => {
    expectKept(operate)
  })

  it.each(Object.entries(ENDS))('ends at %s', (_, operate) => {
    const { given, isCut } = asked(operate)
    expect(isCut || given === COUNT).toBe(true)
  })

  it.each(Object.entries(COLLECTS))('is unlimited for %s, which consumes everything', (_, operate) => {
    expect(asked(operate)).toEqual({ given: COUNT, isCut: false })
  })
})
