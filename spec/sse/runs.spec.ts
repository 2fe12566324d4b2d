/**
 * Events of one turn: they leave as one text, which clients that got the same ones share.
 */
import { describe, expect, it } from '@jest/globals'
import { concat, filter, from, Subject, throwError, type Observable } from 'rxjs'
import { PreparedText } from '../../lib/connection/prepared-text.js'
import { sse, type SseOptions } from '../../lib/sse/index.js'
import { runOf } from '../../lib/sse/run.js'
import { Stage } from '../helpers/fake-transport.js'
import { get, head } from '../helpers/runtime.js'

const GREETING = '3\r\n:\n\n\r\n'

function open(source: Observable<string>, options: SseOptions = {}, request = get('/')): Stage {
  return Stage.open(() => sse(source, options)).receive(request)
}

/** What the client got behind the head. */
function bodyOf(stage: Stage): string {
  const { text } = stage.settle()
  return text.slice(text.indexOf('\r\n\r\n') + 4)
}

function chunk(...events: string[]): string {
  const text = events.map(event => `data: ${event}\n\n`).join('')
  return `${Buffer.byteLength(text).toString(16)}\r\n${Buffer.from(text).toString('latin1')}\r\n`
}

describe('the events of one turn', () => {
  it('are one chunk', () => {
    const source = new Subject<string>()
    const stage = open(source)
    for (const event of ['a', 'b\u20ac', 'c']) source.next(event)
    expect(bodyOf(stage)).toBe(GREETING + chunk('a', 'b\u20ac', 'c'))
    source.next('d')
    expect(bodyOf(stage)).toBe(GREETING + chunk('a', 'b\u20ac', 'c') + chunk('d'))
  })

  it('have no framing in HTTP/1.0', () => {
    const source = new Subject<string>()
    const stage = open(source, {}, head('GET / HTTP/1.0'))
    source.next('a')
    source.next('b')
    expect(bodyOf(stage)).toBe(':\n\ndata: a\n\ndata: b\n\n')
  })

  it('are those that each client gets', () => {
    const source = new Subject<string>()
    const without = (event: string): Stage => open(source.pipe(filter(one => one !== event)))
    const stages = [open(source), without('a'), without('b'), without('c'), open(source)]
    for (const event of ['a', 'b', 'c']) source.next(event)
    expect(stages.map(bodyOf)).toEqual([['a', 'b', 'c'], ['b', 'c'], ['a', 'c'], ['a', 'b'], ['a', 'b', 'c']]
      .map(events => GREETING + chunk(...events)))
  })

  it('are sent before the error of their source', () => {
    const stage = open(concat(from(['a', 'b']), throwError(() => new Error('no more'))))
    expect(bodyOf(stage)).toBe(GREETING + chunk('a', 'b'))
    expect(String(stage.errors)).toContain('no more')
  })

  it('are sent before the farewell', () => {
    const source = new Subject<string>()
    const stage = open(source)
    source.next('a')
    stage.connection.close()
    expect(bodyOf(stage)).toBe(`${GREETING}${chunk('a')}d\r\nretry: 3000\n\n\r\n0\r\n\r\n`)
  })

  it('are parted at the high-water mark, and none is lost', () => {
    const source = new Subject<string>()
    const events = Array.from({ length: 100 }, (_, n) => `event ${n} ${'x'.repeat(20)}`)
    const stage = open(source, { highWaterMark: 200, overflow: 'error' })
    for (const event of events) source.next(event)
    const body = bodyOf(stage)
    expect(body.match(/data: event \d+/g)).toHaveLength(100)
    const sizes = [...body.matchAll(/(?:^|\r\n)([0-9a-f]+)\r\ndata/g)].map(([, size]) => parseInt(size, 16))
    expect(Math.max(...sizes)).toBeLessThan(200 + 40)
    expect(Math.min(...sizes.slice(0, -1))).toBeGreaterThanOrEqual(200 - 8)
  })

  it('are parted where they are long, whatever the high-water mark', () => {
    const source = new Subject<string>()
    const stage = open(source, { highWaterMark: 2 ** 30 })
    for (let n = 0; n < 100; n++) source.next('x'.repeat(2_000))
    const sizes = [...bodyOf(stage).matchAll(/(?:^|\r\n)([0-9a-f]+)\r\ndata/g)].map(([, size]) => parseInt(size, 16))
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(100 * 2_008)
    expect(Math.max(...sizes)).toBeLessThan(64 * 1024 + 2_008)
  })

  it('keep their order around one that is encoded in parts', () => {
    const source = new Subject<string>()
    const long = 'y'.repeat(200_000)
    const stage = open(source, { highWaterMark: 2 ** 30 })
    for (const event of ['a', long, 'b']) source.next(event)
    expect(bodyOf(stage)).toBe(GREETING + chunk('a') + chunk(long) + chunk('b'))
  })

  it('count as dropped where the client takes none, as if each had been written', () => {
    const source = new Subject<string>()
    const lost: unknown[] = []
    const stage = open(source, { highWaterMark: 30, overflow: 'dropNewest', onDrop: event => { lost.push(event) } })
    stage.transport.capacity = 0
    for (const event of ['a', 'b', 'c', 'd', 'e', 'f']) source.next(event.repeat(4))
    expect(lost).toEqual(['cccc', 'dddd', 'eeee', 'ffff'])
    stage.transport.capacity = Infinity
    expect(bodyOf(stage)).toBe(GREETING + chunk('aaaa', 'bbbb'))
  })

  it('wait for a client that is slow, and those of later turns join them', () => {
    const source = new Subject<string>()
    const stage = open(source)
    stage.transport.capacity = 0
    for (const event of ['a', 'b', 'c']) {
      source.next(event)
      stage.settle()
    }
    expect(bodyOf(stage)).toBe(GREETING)
    stage.transport.capacity = Infinity
    stage.take(1_000)
    expect(bodyOf(stage)).toBe(GREETING + chunk('a') + chunk('b', 'c'))
  })
})

describe('runs', () => {
  const [a, b, c] = ['a', 'b', 'c'].map(text => new PreparedText(text))

  it('are shared within a task', async () => {
    const run = runOf(a)
    expect(runOf(a)).toBe(run)
    expect(run.with(b)).toBe(run.with(b))
    expect(run.with(b).with(c).text.text).toBe('abc')
    expect(run.with(b).text).toBe(run.with(b).text)
    expect(run.with(c).text.text).toBe('ac')
    await Promise.resolve()
    expect(runOf(a)).not.toBe(run)
  })

  it('have the text itself where it is alone', () => {
    expect(runOf(a).text).toBe(a)
    expect(runOf(a).size).toBe(1)
    expect(runOf(b).with(c).size).toBe(2)
  })
})
