/**
 * One event to many clients: it is formatted once, written once per turn, and a silent stream has no timer.
 */
import { describe, expect, it } from '@jest/globals'
import { concat, finalize, NEVER, of, Subject, throwError, type Observable } from 'rxjs'
import { type SseEvent, sse, type SseOptions } from '../../lib/sse/index.js'
import { Stage } from '../helpers/fake-transport.js'
import { get, head } from '../helpers/runtime.js'

const C = ':\n\n'

/** Clients of one source, and the bodies that they received, without framing. */
class Crowd {
  readonly stages: Stage[]

  constructor(source: Observable<SseEvent | string>, options: SseOptions = {}, count = 3, request = get('/')) {
    this.stages = Array.from({ length: count }, () => Stage.open(() => sse(source, options)).receive(request))
  }

  get first(): Stage {
    return this.stages[0]
  }

  /** The bodies, decoded. */
  get bodies(): string[] {
    for (const stage of this.stages) stage.settle()
    return this.stages.map(({ text }) => bodyOf(text))
  }
}

function bodyOf(text: string): string {
  const body = text.slice(text.indexOf('\r\n\r\n') + 4)
  if (!text.includes('chunked')) return Buffer.from(body, 'latin1').toString()
  let data = ''
  for (let rest = body; rest !== '' && !rest.startsWith('0\r\n');) {
    const start = rest.indexOf('\r\n') + 2
    const length = parseInt(rest, 16)
    data += rest.slice(start, start + length)
    expect(rest.slice(start + length, start + length + 2)).toBe('\r\n')
    rest = rest.slice(start + length + 2)
  }
  return Buffer.from(data, 'latin1').toString()
}

/** Data that counts how often it is formatted. */
function counted(): { readonly data: object; readonly count: () => number } {
  let count = 0
  return { data: { toJSON: () => ++count }, count: () => count }
}

describe('an event for many clients', () => {
  it('is encoded once', () => {
    const source = new Subject<SseEvent>()
    const crowd = new Crowd(source)
    const { data, count } = counted()
    source.next({ data })
    expect(crowd.bodies).toEqual(Array(3).fill(`${C}data: 1\n\n`))
    expect(count()).toBe(1)
  })

  it('is encoded again if it is changed and sent again in the same turn', () => {
    const source = new Subject<SseEvent>()
    const crowd = new Crowd(source)
    const event = { data: { n: 1 } }
    source.next(event)
    event.data.n = 2
    source.next(event)
    expect(crowd.bodies).toEqual(Array(3).fill(`${C}data: {"n":1}\n\ndata: {"n":2}\n\n`))
  })

  it('is encoded again for a client that connects in another turn', async () => {
    const event = { data: { n: 1 } }
    const sources = [new Subject<SseEvent>(), new Subject<SseEvent>()]
    const crowds = sources.map(source => new Crowd(source, {}, 1))
    sources[0].next(event)
    await Promise.resolve()
    event.data.n = 2
    sources[1].next(event)
    expect(crowds.flatMap(({ bodies }) => bodies)).toEqual([`${C}data: {"n":1}\n\n`, `${C}data: {"n":2}\n\n`])
  })

  it.each([
    ['in chunks', get('/')],
    ['up to the end of the connection', head('GET / HTTP/1.0')],
  ])('may have any characters and any length, %s', (_, request) => {
    const texts = [
      '\u00e9\u20ac\u{1f600}', 'x'.repeat(200_000), 'a', '\u20ac'.repeat(140_000), 'b', '\u00e9'.repeat(5_000), 'c',
    ]
    const source = new Subject<string>()
    const crowd = new Crowd(source, { overflow: { bufferBytes: 2 ** 24 } }, 2, request)
    for (const text of texts) source.next(text)
    for (const stage of crowd.stages) for (let turns = 0; turns < 20; turns++) stage.turn()
    expect(crowd.bodies).toEqual(Array(2).fill(C + texts.map(text => `data: ${text}\n\n`).join('')))
  })

  it('leaves in one write with the others of its turn', () => {
    const source = new Subject<string>()
    const crowd = new Crowd(source)
    const before = crowd.stages.map(({ transport }) => transport.writes)
    for (let n = 0; n < 10; n++) source.next(`event ${n}`)
    expect(new Set(crowd.bodies).size).toBe(1)
    expect(crowd.bodies[0]).toContain('event 9')
    expect(crowd.stages.map(({ transport }, index) => transport.writes - before[index])).toEqual([1, 1, 1])
  })

  it('arrives in order at clients that are not in step', () => {
    const source = new Subject<string>()
    const crowd = new Crowd(source)
    source.next('a')
    crowd.first.settle()
    source.next('b')
    source.next('c')
    expect(crowd.bodies).toEqual(Array(3).fill(`${C}data: a\n\ndata: b\n\ndata: c\n\n`))
  })
})

describe('a silent stream', () => {
  it('is kept alive by the tick of its server at the given interval', () => {
    const crowd = new Crowd(NEVER, { heartbeatMs: 5_000 }, 1)
    const timers = crowd.first.time.actions.length
    crowd.first.pass(16_000)
    expect(crowd.bodies).toEqual([C.repeat(4)])
    expect(timers).toBe(1)
  })

  it('has a timer of its own if the tick is too coarse', () => {
    const stage: Stage = new Stage(() => sse(NEVER, { heartbeatMs: 100, scheduler: stage.time }))
    stage.connection.start()
    stage.receive(get('/')).pass(250)
    expect(bodyOf(stage.text)).toBe(C.repeat(3))
  })

  it('gets no heartbeats while its client does not read', () => {
    const source = new Subject<string>()
    const crowd = new Crowd(source, { heartbeatMs: 5_000, highWaterMark: 100 }, 1)
    crowd.first.transport.capacity = 0
    for (const letter of ['a', 'b', 'c']) source.next(letter.repeat(100))
    crowd.first.settle().pass(60_000)
    crowd.first.transport.capacity = Infinity
    crowd.first.take(1e6)
    expect(crowd.bodies[0]).toBe(C + ['a', 'b', 'c'].map(letter => `data: ${letter.repeat(100)}\n\n`).join(''))
  })

  it('is released by the tick and by the connection when it is over', () => {
    const source = new Subject<string>()
    const stage = Stage.open(() => sse(source)).receive(get('/'))
    expect(stage.context.clock.size).toBe(2)
    source.complete()
    stage.settle()
    expect(stage.context.clock.size).toBe(1)
    expect(stage.text.endsWith('0\r\n\r\n')).toBe(true)
    expect((stage.connection as unknown as { closing: { tasks: unknown[] } }).closing.tasks).toEqual([])
  })
})

describe('the end of a stream', () => {
  it('comes with one retry when the connection is asked to close', () => {
    let left = 0
    const stage = Stage.open(() => sse(NEVER.pipe(finalize(() => { left++ })))).receive(get('/'))
    stage.connection.close()
    stage.settle()
    expect(bodyOf(stage.text)).toBe(`${C}retry: 3000\n\n`)
    expect(left).toBe(1)
  })

  it('comes before the source is subscribed if the connection was asked to close before', () => {
    const stage: Stage = new Stage(reqd => {
      stage.connection.close()
      reqd.respond(sse(new Subject<string>().pipe(finalize(() => { throw new Error('it was subscribed') }))))
    })
    stage.connection.start()
    stage.receive(get('/'))
    expect(bodyOf(stage.text)).toBe(`${C}retry: 3000\n\n`)
    expect(stage.errors).toEqual([])
  })

  it('comes when the connection breaks', () => {
    let left = 0
    const stage = Stage.open(() => sse(NEVER.pipe(finalize(() => { left++ })))).receive(get('/'))
    stage.transport.breakDown()
    expect(left).toBe(1)
    expect(stage.context.clock.size).toBe(0)
  })

  it('may come with an exception of the application\'s teardown', () => {
    const source = NEVER.pipe(finalize(() => { throw new Error('cleaning up') }))
    const stage = Stage.open(() => sse(source)).receive(get('/'))
    stage.connection.close()
    stage.settle()
    expect(bodyOf(stage.text)).toBe(`${C}retry: 3000\n\n`)
    expect(String(stage.errors)).toContain('cleaning up')
  })

  it.each([['the greeting', 1], ['an event', 5]])('comes if %s exceeds its Content-Length', (_, length) => {
    let left = 0
    const source = new Subject<string>()
    const reply = sse(source.pipe(finalize(() => { left++ })))
    const stage = Stage.open(() => ({ ...reply, headers: reply.headers.add('content-length', String(length)) }))
    stage.receive(get('/'))
    source.next('a')
    stage.settle()
    expect(stage.errors).toMatchObject([{ code: 'bodyTooLong' }])
    expect(left).toBe(length === 1 ? 0 : 1)
    expect(source.observed).toBe(false)
  })

  it('is an error if its source fails after its Content-Length is reached', () => {
    const source = new Subject<string>()
    const reply = sse(source)
    const stage = Stage.open(() => ({ ...reply, headers: reply.headers.add('content-length', '100') }))
    stage.receive(get('/'))
    source.complete()
    expect(stage.settle().errors).toMatchObject([{ code: 'bodyTooShort' }])
  })
})

describe('a source that fails while it is unsubscribed', () => {
  function* closing(): Generator<string> {
    try {
      for (;;) yield 'x'
    } finally {
      // eslint-disable-next-line no-unsafe-finally -- what a closing cursor may do
      throw new Error('closing')
    }
  }

  it('is reported', () => {
    const stage = Stage.open(() => sse(closing()))
    stage.transport.capacity = 500
    stage.receive(get('/'))
    stage.transport.breakDown()
    expect(String(stage.errors)).toContain('closing')
  })

  it('is not passed to the caller of the body as a function', () => {
    const body = sse(closing()).body as (ready$: Observable<number>, closing$: Observable<void>) => Observable<string>
    const texts: string[] = []
    const subscription = body(concat(of(20), NEVER), NEVER).subscribe(text => { texts.push(text) })
    expect(() => { subscription.unsubscribe() }).not.toThrow()
    expect(texts.slice(1)).toEqual(Array(3).fill('data: x\n\n'))
  })

  it('fails if the demand fails', () => {
    const body = sse(NEVER).body as (ready$: Observable<number>, closing$: Observable<void>) => Observable<string>
    const failure = new Error('no more demand')
    const heard: unknown[] = []
    body(throwError(() => failure), NEVER).subscribe({ error: error => { heard.push(error) } })
    expect(heard).toEqual([failure])
  })
})

describe('a client that is too slow', () => {
  it('loses events, which are counted and reported', () => {
    const source = new Subject<string>()
    const lost: unknown[] = []
    const drops: unknown[] = []
    const stage = Stage.open(() => sse(source, { overflow: 'latest', highWaterMark: 50, onDrop: e => lost.push(e) }))
    stage.connection.events$.subscribe(event => { if (event.type === 'drop') drops.push(event.count, event.bytes) })
    stage.receive(get('/'))
    stage.transport.capacity = 0
    for (const letter of 'abcde') source.next(letter.repeat(42))
    stage.settle()
    expect(lost).toEqual(['b', 'c', 'd'].map(letter => letter.repeat(42)))
    expect(drops).toEqual([1, 50, 2, 100, 3, 150])
    stage.take(1e6)
    expect(bodyOf(stage.text)).toBe(`${C}data: ${'a'.repeat(42)}\n\ndata: ${'e'.repeat(42)}\n\n`)
  })

  it.each<[string, () => void]>([
    ['throws', () => { throw new Error('no') }],
    ['is asynchronous and fails', () => Promise.reject(new Error('no')) as never],
  ])('is cut if the hook %s', async (_, onDrop) => {
    const source = new Subject<string>()
    const stage = Stage.open(() => sse(source, { overflow: 'dropNewest', highWaterMark: 10, onDrop })).receive(get('/'))
    stage.transport.capacity = 0
    for (const letter of 'ab') source.next(letter.repeat(20))
    await Promise.resolve()
    expect(String(stage.errors)).toContain('no')
    expect(source.observed).toBe(false)
  })

  it('pauses a pausable source', () => {
    let made = 0
    function* endless(): Generator<string> {
      for (;;) yield String(++made)
    }
    const stage = Stage.open(() => sse(endless(), { highWaterMark: 100 }))
    stage.transport.capacity = 0
    stage.receive(get('/'))
    expect(made).toBe(0)
    for (let takes = 0; takes < 5; takes++) {
      const before = made
      stage.take(300)
      expect(made).toBeGreaterThan(before)
      expect(made).toBeLessThan(before + 60)
    }
    stage.transport.breakDown()
  })
})
