/**
 * The bytes that a response holds of its source never exceed their bound, whatever the sizes of chunks and writes; and
 * a source whose consumer has ended is stopped once.
 */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { finalize, NEVER, Observable, of, Subject } from 'rxjs'
import type { Chunk } from '../../../lib/demand/chunk.js'
import type { Overflow } from '../../../lib/demand/overflow-policy.js'
import { pulled } from '../../../lib/demand/pages.js'
import type { BodySource } from '../../../lib/reactive/reply.js'
import { Stage } from '../../helpers/fake-transport.js'
import { get } from '../../helpers/runtime.js'

const HIGH = 1000

/** The most bytes of the framing of a chunk, and of a head. */
const FRAME = 20
const HEAD = 200

interface Flow {
  readonly sizes: number[]
  readonly takes: number[]
}

const flows: fc.Arbitrary<Flow> = fc.record({
  sizes: fc.array(fc.integer({ min: 0, max: 3000 }), { minLength: 1, maxLength: 60 }),
  takes: fc.array(fc.integer({ min: 0, max: 5000 }), { maxLength: 60 }),
})

/** The chunks of a flow, alternately text and bytes. */
function chunksOf({ sizes }: Flow): Chunk[] {
  return sizes.map((size, index) => index % 2 === 0 ? 'x'.repeat(size) : new Uint8Array(size).fill(120))
}

interface Run {
  /** The most bytes that were held. */
  readonly peak: number
  /** The length of the body that the client received. */
  readonly delivered: number
  readonly isComplete: boolean
}

/** Plays a response to a client that takes the given numbers of bytes, and then the rest. */
function play(flow: Flow, reply: (probe: () => void) => BodySource, overflow: Overflow = 'error'): Run {
  let peak = 0
  const probe = (): void => { peak = Math.max(peak, stage.heldBytes) }
  const stage = new Stage(() => ({ body: reply(probe), highWaterMark: HIGH, overflow }))
  stage.transport.capacity = 0
  stage.connection.start()
  stage.receive('GET / HTTP/1.0\r\n\r\n')
  probe()
  for (const count of flow.takes) {
    stage.take(count)
    probe()
  }
  stage.take(Infinity)
  const { text } = stage
  return { peak, delivered: text.length - text.indexOf('\r\n\r\n') - 4, isComplete: stage.transport.hasEnded }
}

function sum(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total + size, 0)
}

describe('the number of held bytes of a response', () => {
  it('is at most the high-water mark and a chunk for pulled sources', () => {
    fc.assert(fc.property(flows, flow => {
      const { peak, delivered, isComplete } = play(flow, probe => (function* () {
        for (const chunk of chunksOf(flow)) {
          probe()
          yield chunk
        }
      })())
      expect(peak).toBeLessThanOrEqual(HIGH + Math.max(...flow.sizes) + HEAD)
      expect(delivered).toBe(sum(flow.sizes))
      expect(isComplete).toBe(true)
    }))
  })

  it('is at most the high-water mark and two batches for sources driven by demand', () => {
    fc.assert(fc.property(flows, flow => {
      const chunks = chunksOf(flow)
      const { peak, delivered, isComplete } = play(flow, probe => pulled(() => {
        probe()
        const chunk = chunks.shift()
        return chunk === undefined ? null : [chunk]
      }))
      expect(peak).toBeLessThanOrEqual(HIGH + 2 * Math.max(...flow.sizes) + HEAD)
      expect(delivered).toBe(sum(flow.sizes))
      expect(isComplete).toBe(true)
    }))
  })

  it.each<Overflow>(['error', 'dropNewest', 'dropOldest', 'latest', 'disconnect', { bufferBytes: 2000 }])(
    'is at most the high-water mark and a chunk for an Observable with the overflow policy %j', overflow => {
      fc.assert(fc.property(flows, flow => {
        const source = new Subject<Chunk>()
        const chunks = chunksOf(flow)
        let peak = 0
        const stage = new Stage(() => ({ body: source, highWaterMark: HIGH, overflow }))
        stage.transport.capacity = 0
        stage.connection.start()
        stage.receive(get('/'))
        for (const [index, chunk] of chunks.entries()) {
          source.next(chunk)
          stage.settle()
          peak = Math.max(peak, stage.heldBytes)
          if (index < flow.takes.length) stage.take(flow.takes[index])
        }
        expect(peak).toBeLessThanOrEqual(HIGH + Math.max(...flow.sizes) + HEAD + FRAME * (HIGH / 100 + 60))
        source.complete()
        stage.take(Infinity)
        expect(source.observed).toBe(false)
        expect(stage.errors.length).toBeLessThanOrEqual(1)
      }))
    })

  it('may wait after the Observable completed, which is torn down at once', () => {
    const source = new Subject<Chunk>()
    let isOver = false
    const body = source.pipe(finalize(() => { isOver = true }))
    const stage = new Stage(() => ({ body, highWaterMark: HIGH, overflow: { bufferBytes: 5000 } }))
    stage.transport.capacity = 0
    stage.connection.start()
    stage.receive('GET / HTTP/1.0\r\n\r\n')
    for (let chunk = 0; chunk < 5; chunk++) source.next('x'.repeat(900))
    source.complete()
    expect(isOver).toBe(true)
    stage.take(Infinity)
    expect(stage.text.length - stage.text.indexOf('\r\n\r\n') - 4).toBe(4500)
    expect([stage.transport.hasEnded, stage.errors]).toEqual([true, []])
  })

  it('is limited by demand: no chunk is pulled ahead', () => {
    let pulls = 0
    const stage = new Stage(() => ({
      body: (function* () { for (;;) { pulls++; yield 'x'.repeat(HIGH / 2) } })(), highWaterMark: HIGH,
    }))
    stage.transport.capacity = 0
    stage.connection.start()
    stage.receive(get('/'))
    expect(pulls).toBe(2)
    stage.take(HIGH / 2)
    expect(pulls).toBe(2)
    stage.take(HIGH)
    expect(pulls).toBeGreaterThan(2)
    stage.connection.cut()
  })
})

describe('a long synchronous source', () => {
  it('does not grow the stack', () => {
    let count = 0
    const stage = Stage.open(() => ({ body: (function* () { while (count++ < 100_000) yield '' })() }))
    stage.receive(get('/'))
    for (let turns = 0; !stage.text.endsWith('0\r\n\r\n'); turns++) {
      expect(turns).toBeLessThan(110)
      stage.turn()
    }
    expect(count).toBe(100_001)
  })

  it('does not grow the stack if it answers within the demand', () => {
    let count = 0
    const body = (ready$: Observable<number>): Observable<Chunk> => new Observable(subscriber =>
      ready$.subscribe(() => {
        if (count++ < 50_000) subscriber.next('x')
        else subscriber.complete()
      }))
    const stage = Stage.open(() => ({ body })).receive(get('/'))
    for (let turn = 0; turn < 10; turn++) stage.turn()
    expect(stage.text).toMatch(/0\r\n\r\n$/)
  })
})

/** Sources that report that they were stopped. */
const STOPPABLE: Record<string, (stopped: () => void, chunks?: string[]) => BodySource> = {
  'a generator': stopped => (function* () { try { for (;;) yield 'x'.repeat(500) } finally { stopped() } })(),
  'an Observable': stopped => new Observable(subscriber => {
    subscriber.next('some')
    return stopped
  }),
  'a function': stopped => () => new Observable(subscriber => {
    subscriber.next('some')
    return stopped
  }),
  'an iterator that throws when it is stopped': stopped => ({
    [Symbol.iterator]: () => ({
      next: () => ({ done: false, value: 'x'.repeat(500) }),
      return: () => {
        stopped()
        throw new Error('it does not stop')
      },
    }),
  }),
  'an iterator that rejects when it is stopped': (stopped, chunks = ['some']) => ({
    [Symbol.asyncIterator]: () => ({
      next: () => chunks.length > 0
        ? { done: false, value: chunks.pop() ?? '' } as never
        : new Promise(() => undefined),
      return: () => {
        stopped()
        return Promise.reject(new Error('it does not stop'))
      },
    }),
  }),
}

const ENDS: Record<string, (stage: Stage) => void> = {
  'the client leaves': stage => { stage.transport.breakDown() },
  'the connection is cut': stage => { stage.connection.cut() },
  'the client does not read within writeTimeout': stage => { stage.pass(310_000) },
}

describe.each(Object.entries(ENDS))('when %s', (_, happens) => {
  it.each(Object.entries(STOPPABLE))('%s is stopped once', async (name, source) => {
    let stopped = 0
    const stage = new Stage(() => ({ body: source(() => { stopped++ }) }))
    stage.transport.capacity = 10
    stage.connection.start()
    stage.receive(get('/'))
    expect(stopped).toBe(0)
    happens(stage)
    happens(stage)
    stage.take(1000)
    expect(stopped).toBe(1)
    await Promise.resolve()
    const errors = name.startsWith('an iterator') ? [new Error('it does not stop')] : []
    expect(stage).toMatchObject({ closed: 1, errors })
  })
})

describe('a source', () => {
  it('that has ended is not stopped', () => {
    let returned = 0
    const chunks = ['a', 'b']
    const body = { [Symbol.iterator]: () => ({
      next: () => ({ done: chunks.length === 0, value: chunks.shift() ?? '' }),
      return: () => {
        returned++
        return { done: true as const, value: undefined }
      },
    }) } as Iterable<Chunk>
    const stage = Stage.open(() => ({ body })).receive(get('/'))
    expect(stage.text).toMatch(/a\r\n1\r\nb\r\n0\r\n\r\n$/)
    expect(returned).toBe(0)
  })

  it('is stopped when the body refuses a chunk', () => {
    let stopped = 0
    const body = (function* () { try { yield 5 as never } finally { stopped++ } })()
    const stage = Stage.open(() => ({ body })).receive(get('/'))
    expect(stopped).toBe(1)
    expect(stage.errors).toMatchObject([{ name: 'TypeError' }])
  })

  it('is unsubscribed when the body refuses a value', () => {
    const source = new Subject<Chunk>()
    const stage = Stage.open(() => ({ body: source })).receive(get('/'))
    source.next(5 as never)
    source.next('more')
    expect(source.observed).toBe(false)
    expect(stage.settle().errors).toMatchObject([{ name: 'TypeError' }])
    expect(stage.text).toMatch(/^HTTP\/1.1 500 /)
  })

  it('learns by `closing$` that its connection is to close', () => {
    const stage = Stage.open(() => ({ body: (_ready$, closing$) => new Observable(subscriber => {
      subscriber.next('some')
      return closing$.subscribe(() => {
        subscriber.next('last')
        subscriber.complete()
      })
    }) })).receive(get('/'))
    stage.connection.close()
    expect(stage.settle().text).toMatch(/some\r\n4\r\nlast\r\n0\r\n\r\n$/)
    expect(stage.transport.hasEnded).toBe(true)
  })

  it('that never emits does not end the response by itself', () => {
    const stage = Stage.open(() => ({ body: NEVER })).receive(get('/'))
    expect(stage.text).toBe('')
    expect(stage.pass(1_000_000).transport.hasEnded).toBe(false)
    stage.connection.cut()
  })

  it('may emit and complete synchronously', () => {
    expect(Stage.open(() => ({ body: of('a', 'b') })).receive(get('/')).text).toMatch(/1\r\na\r\n1\r\nb\r\n0\r\n\r\n$/)
  })
})
