/**
 * The demand contract.
 */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { map, NEVER } from 'rxjs'
import type { RunHelpers } from 'rxjs/testing'
import type { ControlledSubject } from '../../lib/demand/controlled-subject.js'
import { inVirtualTime } from '../helpers/marbles.js'
import { metered, type MeteredSink } from '../reactive/metered-sink.js'

const TEN = 'x'.repeat(10)

interface Stage {
  readonly sink: MeteredSink<string>
  readonly subject: ControlledSubject<string>
  /** w: ten bytes are written, d: ten are drained, D: all are, c: complete, e: error, x: the sink aborts. */
  play(marbles: string): void
}

/** A subject with marks 20 and 10, on which a marble diagram acts. */
function onStage(helpers: RunHelpers): Stage {
  const { sink, subject } = metered<string>({ highWaterMark: 20 })
  const actions = {
    w: () => subject.next(TEN),
    W: () => subject.next(TEN + TEN + TEN),
    d: () => sink.drain(10),
    D: () => sink.drain(),
    c: () => subject.complete(),
    e: () => subject.error('late'),
    x: () => subject.closed('aborted'),
    o: () => subject.closed('done'),
  }
  const play = (marbles: string): void => {
    helpers.hot<() => void>(marbles, actions).subscribe(act => act())
  }
  return { sink, subject, play }
}

describe('ready$', () => {
  const wanted = { a: 20, b: 10 }

  it('emits when it is subscribed, and not again until a write answers', () => {
    inVirtualTime(helpers => {
      const { subject } = onStage(helpers)
      helpers.expectObservable(subject.ready$).toBe('a', wanted)
    })
  })

  it('emits again after a write that leaves room, otherwise when the sink has drained to the low-water mark', () => {
    inVirtualTime(helpers => {
      const { subject, play } = onStage(helpers)
      const actions = '  -w-w--d-w-W--d-d-d-D|'
      const ready = '    ab----b------------a-'
      play(actions)
      helpers.expectObservable(subject.ready$).toBe(ready, wanted)
    })
  })

  it('does not emit twice for one answer, however often the sink drains', () => {
    inVirtualTime(helpers => {
      const { subject, play } = onStage(helpers)
      play('                                     -W-D-d-d-w')
      helpers.expectObservable(subject.ready$).toBe('a--a-----b', wanted)
    })
  })

  it('gives a late subscriber the unanswered demand, and shares those that follow', () => {
    inVirtualTime(helpers => {
      const { subject, play } = onStage(helpers)
      const actions = '  ----W---D--|'
      const first = '    a-------a---'
      const late = '     --a-----a---'
      const between = '  ------^-----'
      const later = '    --------a---'
      play(actions)
      helpers.expectObservable(subject.ready$).toBe(first, wanted)
      helpers.expectObservable(subject.ready$, '--^--').toBe(late, wanted)
      helpers.expectObservable(subject.ready$, between).toBe(later, wanted)
    })
  })

  it('starts with the sink\'s present room if it is subscribed late', () => {
    inVirtualTime(helpers => {
      const { subject, sink, play } = onStage(helpers)
      const actions = '  w-w---d-----'
      const sub = '      ----^-----'
      const ready = '    ------b-----'
      play(actions)
      helpers.expectObservable(subject.ready$, sub).toBe(ready, wanted)
      helpers.flush()
      expect(sink.waits).toBe(1)
    })
  })

  it('stops after its last subscriber has left, and emits to the next one at once', () => {
    inVirtualTime(helpers => {
      const { subject, play } = onStage(helpers)
      const actions = '  -W-----D----'
      const first = '    ^--!--------'
      const second = '   ---------^--'
      play(actions)
      helpers.expectObservable(subject.ready$, first).toBe(' a-----------', wanted)
      helpers.expectObservable(subject.ready$, second).toBe('---------a--', wanted)
    })
  })

  it.each([
    ['complete', '-w--c-D', 'ab--|'],
    ['error', '   -w--e-D', 'ab--|'],
    ['abort', '   -W--x-D', 'a---|'],
    ['done', '    -w-co-D', 'ab-|'],
  ])('completes with the response: %s', (_, actions, ready) => {
    inVirtualTime(helpers => {
      const { subject, play } = onStage(helpers)
      play(actions.trim())
      helpers.expectObservable(subject.ready$).toBe(ready, wanted)
      helpers.expectObservable(subject.ready$, '------^').toBe('------|')
    })
  })

  it('is one Observable, created when it is first read', () => {
    const { sink, subject } = metered<string>()
    subject.write(TEN)
    sink.drain()
    expect(sink.waits).toBe(0)
    expect(subject.ready$).toBe(subject.ready$)
  })

  it('does not grow the stack if a source answers within the emission', () => {
    const { sink, subject } = metered<string>({ highWaterMark: 200_000, lowWaterMark: 199_999 })
    let answers = 0
    subject.ready$.subscribe(() => subject.write(++answers % 2 === 0 ? '' : 'x'))
    expect(answers).toBe(399_999)
    expect(sink.pending).toBe(200_000)
  })

  it('keeps a demand unanswered if the write failed', () => {
    const { sink, subject } = metered<string>({ highWaterMark: 20 })
    const seen: number[] = []
    subject.ready$.subscribe(wanted => seen.push(wanted))
    sink.write = () => {
      throw new Error('no')
    }
    expect(() => subject.write(TEN)).toThrow('no')
    subject.ready$.subscribe(wanted => seen.push(wanted))
    expect(seen).toEqual([20, 20])
  })
})

describe('write', () => {
  it('returns whether there is room for more', () => {
    const { sink, subject } = metered<string>({ highWaterMark: 20 })
    expect([subject.write(TEN), subject.write(TEN), subject.write('x')]).toEqual([true, true, false])
    sink.drain(1)
    expect(subject.write('')).toBe(true)
  })

  it('does nothing after the end', () => {
    const { sink, subject } = metered<string>()
    expect(subject.isClosed).toBe(false)
    subject.complete()
    subject.complete()
    subject.error('late')
    expect(subject.write(TEN)).toBe(false)
    subject.next(TEN)
    expect(sink).toMatchObject({ values: [], ends: ['complete'] })
    expect(subject.isClosed).toBe(true)
  })

  it('returns false if the sink ends within it', () => {
    const { sink, subject } = metered<string>()
    sink.write = () => subject.closed('aborted')
    expect(subject.write(TEN)).toBe(false)
  })
})

describe('a controlled subject as an Observer', () => {
  it('passes on values and the end', () => {
    inVirtualTime(({ cold, flush }) => {
      const { sink, subject } = metered<string>()
      cold('-a-b-|').subscribe(subject)
      flush()
      expect(sink).toMatchObject({ values: ['a', 'b'], ends: ['complete'] })
    })
  })

  it('cuts the response at an error', () => {
    inVirtualTime(({ cold, flush }) => {
      const { sink, subject } = metered<string>()
      cold('-a-#').subscribe(subject)
      flush()
      expect(sink).toMatchObject({ values: ['a'], ends: ['error'] })
    })
  })
})

describe('closed$', () => {
  it('emits how the sink ended, to late subscribers as well', () => {
    inVirtualTime(helpers => {
      const { subject, play } = onStage(helpers)
      play('-w-c-o-x')
      const result = { r: 'done' as const }
      helpers.expectObservable(subject.closed$).toBe('-----(r|)', result)
      helpers.expectObservable(subject.closed$, '-------^').toBe('-------(r|)', result)
    })
  })

  it('emits to a first subscriber after the end', () => {
    const { sink, subject } = metered<string>()
    subject.closed('aborted')
    const seen: string[] = []
    subject.closed$.subscribe({ next: result => seen.push(result), complete: () => seen.push('complete') })
    expect(seen).toEqual(['aborted', 'complete'])
    expect(sink.ends).toEqual([])
  })
})

describe('the water marks', () => {
  it.each([
    [{ highWaterMark: 0 }],
    [{ highWaterMark: -1 }],
    [{ highWaterMark: Number.NaN }],
    [{ highWaterMark: 10, lowWaterMark: 10 }],
    [{ highWaterMark: 10, lowWaterMark: -1 }],
  ])('are refused: %j', marks => {
    expect(() => metered(marks)).toThrow(expect.objectContaining({ code: 'badRange' }))
  })

  it('are 16 KiB and half of the high one', () => {
    inVirtualTime(({ expectObservable, hot }) => {
      const { sink, subject } = metered<Uint8Array>()
      const play = { w: () => subject.next(new Uint8Array(8193)), d: () => sink.drain(1), n: () => NEVER }
      hot<() => unknown>('w--d', play).subscribe(act => act())
      expectObservable(subject.ready$.pipe(map(String)), '-^-').toBe('---a', { a: '8192' })
    })
  })
})

describe('the number of pending bytes', () => {
  it('is at most the high-water mark and the rest of a chunk for a source that writes no more than the demand', () => {
    const sizes = fc.array(fc.nat(40), { minLength: 1, maxLength: 60 })
    const drains = fc.array(fc.nat(60), { maxLength: 60 })
    fc.assert(fc.property(sizes, drains, fc.integer({ min: 1, max: 80 }), (chunks, takes, highWaterMark) => {
      const { sink, subject } = metered<Uint8Array>({ highWaterMark })
      const source = chunks.map(size => new Uint8Array(size))
      subject.ready$.subscribe(wanted => {
        for (let left = wanted; left > 0 && source.length > 0;) left -= send(subject, source.shift()!)
      })
      for (const count of takes) sink.drain(count)
      expect(sink.peak).toBeLessThan(highWaterMark + 40)
      for (let i = 0; i < chunks.length; i++) sink.drain()
      expect(source).toEqual([])
    }))
  })
})

function send(subject: ControlledSubject<Uint8Array>, chunk: Uint8Array): number {
  subject.write(chunk)
  return chunk.length
}
