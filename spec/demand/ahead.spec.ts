/**
 * The event about values of pausable sources that operators hold: it reveals a `delay` in a chain.
 */
import { describe, expect, it } from '@jest/globals'
import {
  bufferCount, concatMap as plainConcatMap, delay, filter, map, merge, mergeMap as plainMergeMap, Subject, timer,
  toArray, type MonoTypeOperatorFunction, type Observable, type OperatorFunction,
} from 'rxjs'
import { ControlledSubject } from '../../lib/demand/controlled-subject.js'
import type { Ahead } from '../../lib/demand/tally.js'
import { concatMap, mergeMap } from '../../lib/demand/flattening.js'
import { fromSource } from '../../lib/demand/from-source.js'
import { onBackpressureBuffer } from '../../lib/demand/overflow-operators.js'
import { pulled } from '../../lib/demand/pages.js'
import { inVirtualTime } from '../helpers/marbles.js'
import { MeteredSink } from '../reactive/metered-sink.js'

const VALUES = Array.from({ length: 1_000 }, (_, n) => String(n).padStart(4, '0'))

class ToldSink extends MeteredSink<unknown> {
  readonly told: Ahead[] = []

  ahead(ahead: Ahead): void {
    this.told.push(ahead)
  }
}

/** The events while a client takes one value after another. */
function told(source: Observable<unknown>): Ahead[] {
  const sink = new ToldSink()
  const subject = new ControlledSubject<unknown>(sink, { highWaterMark: 16 })
  inVirtualTime(({ flush }) => {
    source.pipe(onBackpressureBuffer(subject.ready$, { bufferBytes: 1e6 })).subscribe(subject)
    const take = (): void => {
      sink.drain(8)
      if (sink.ends.length === 0) timer(1).subscribe(take)
    }
    take()
    flush()
  })
  expect(sink.ends).toEqual(['complete'])
  return sink.told
}

const SILENT: Record<string, OperatorFunction<string, unknown>> = {
  'map': map(value => value),
  'a filter that drops every other value': filter((_, index) => index % 2 === 0 || index > 14),
  'bufferCount': bufferCount(4, 1),
  'stages that take their time': source => source.pipe(
    concatMap(value => timer(1).pipe(map(() => value))), mergeMap(value => timer(3).pipe(map(() => value)), 4)),
}

const HOLDING: Record<string, MonoTypeOperatorFunction<string>> = {
  'delay': delay(5),
  'delay before a stage with demand': source => source.pipe(
    delay(5), concatMap(value => [value])),
  'delay behind a stage with demand': source => source.pipe(
    concatMap(value => [value]), delay(5)),
  'RxJS\'s own concatMap': plainConcatMap(value => timer(1).pipe(map(() => value))),
  'RxJS\'s own mergeMap': plainMergeMap(value => timer(1).pipe(map(() => value)), 4),
}

describe('the event ahead', () => {
  it.each(Object.entries(SILENT))('is not emitted for %s', (_, operate) => {
    expect(told(fromSource(VALUES).pipe(operate))).toEqual([])
  })

  it.each(Object.entries(HOLDING))('is emitted for %s, whenever the held values have doubled', (_, operate) => {
    const figures = told(fromSource(VALUES).pipe(operate))
    expect(figures.length).toBeGreaterThan(2)
    expect(figures.length).toBeLessThan(9)
    const held = figures.map(({ silent, late }) => silent - late)
    for (const [index, count] of held.entries()) expect(count).toBeGreaterThanOrEqual(16 * 2 ** index)
    for (const { pulled: count, silent } of figures) expect(silent).toBeLessThanOrEqual(count)
  })

  it('counts late outputs, which shows that values are held and not dropped', () => {
    const dropping = told(fromSource(VALUES).pipe(filter(value => value === '0999')))
    const collecting = told(fromSource(VALUES).pipe(toArray(), map(values => values.join(''))))
    expect([...dropping, ...collecting].map(({ late }) => late)).toEqual(Array(12).fill(0))
    let rest = 400
    const slow$ = pulled(() => rest-- > 0 ? timer(1).pipe(map(() => ['x'])) : null)
    const holding = told(slow$.pipe(plainConcatMap(value => timer(3).pipe(map(() => value)))))
    expect(holding.at(-1)!.late).toBeGreaterThan(0)
  })

  it('does not count values of a source that cannot be paused', () => {
    const subject = new Subject<string>()
    const both$ = merge(fromSource(['a']), subject.pipe(delay(1)))
    inVirtualTime(({ flush }) => {
      const sink = new ToldSink()
      const controlled = new ControlledSubject<unknown>(sink, { highWaterMark: 16 })
      both$.pipe(onBackpressureBuffer(controlled.ready$, { bufferBytes: 1e6 })).subscribe(controlled)
      for (const value of VALUES) subject.next(value)
      flush()
      expect(sink.told).toEqual([])
      expect(sink.values.length + sink.waits).toBeGreaterThan(0)
    })
  })
})
