/**
 * Sources that give one value at a time: when they take the next step, and what they leave to sources behind them.
 */
import { describe, expect, it } from '@jest/globals'
import { concat, Observable, of, Subject, throwError, type ObservableInput } from 'rxjs'
import { offeredDemand, offering, Waiting, type Offer } from '../../lib/demand/offer.js'
import { Pace } from '../../lib/demand/pace.js'

/** A consumer whose demand is set by hand. */
class Consumer implements Offer {
  wanted = 1
  private readonly waiting = new Waiting()

  whenWanted(callback: () => void): () => void {
    return this.waiting.add(callback)
  }

  /** Wants that much from now on. */
  want(count: number): void {
    this.wanted = count
    this.waiting.notify(() => this.wanted > 0)
  }

  enter(): number {
    return 0
  }

  leave(): void {
    // Nothing is counted.
  }

  reportLate(): void {
    // Nothing fails.
  }

  ahead(): void {
    // Nothing is held.
  }
}

/** Subscribes a source that notes its steps, and another behind it, with the consumer's offer if there is one. */
function paced(consumer: Consumer | null): { pace: Pace<unknown>; log: unknown[] } {
  const log: unknown[] = []
  let pace!: Pace<unknown>
  const source$ = new Observable<unknown>(subscriber => {
    pace = new Pace(subscriber, () => { log.push('step') })
  })
  const behind$ = new Observable<never>(() => { log.push(offeredDemand()) })
  const subscribe = (): unknown => concat(source$, behind$).subscribe(value => { log.push(value) })
  if (consumer === null) subscribe()
  else offering(consumer, subscribe)
  return { pace, log }
}

describe('the next step', () => {
  it('is taken at once without an offer', () => {
    const { pace, log } = paced(null)
    pace.next()
    expect(log).toEqual(['step'])
  })

  it('waits for demand, and is taken once for it', () => {
    const consumer = new Consumer()
    const { pace, log } = paced(consumer)
    consumer.want(0)
    pace.next()
    expect(log).toEqual([])
    consumer.want(1)
    consumer.want(1)
    expect(log).toEqual(['step'])
  })
})

describe('an inner source', () => {
  const refuse = (): never => { throw new Error('it failed') }

  it('is offered the demand, gives its values, and then the next step is taken', () => {
    const consumer = new Consumer()
    const { pace, log } = paced(consumer)
    const inner = new Subject<string>()
    const offered$ = new Observable<unknown>(subscriber => {
      log.push(offeredDemand())
      return inner.subscribe(subscriber)
    })
    pace.giveAll(offered$, refuse)
    inner.next('a')
    expect(log).toEqual([consumer, 'a'])
    inner.complete()
    expect(log).toEqual([consumer, 'a', 'step'])
  })

  it.each<[string, ObservableInput<unknown>]>([['an Observable', of('a', 'b')], ['an iterable', ['a', 'b']]])(
    'may be %s', (_, inner) => {
      const { pace, log } = paced(null)
      pace.giveAll(inner, refuse)
      expect(log).toEqual(['a', 'b', 'step'])
    })

  it('that fails takes no step', () => {
    const { pace, log } = paced(null)
    pace.giveAll(throwError(() => 'broken'), error => { log.push({ error }) })
    expect(log).toEqual([{ error: 'broken' }])
  })
})

it('a source that completes leaves the offer to the next source', () => {
  const consumer = new Consumer()
  const { pace, log } = paced(consumer)
  pace.give('a')
  pace.complete()
  expect(log).toEqual(['a', consumer])
})
