/**
 * Events as text, and the result of parsing them as a client does.
 */
import { describe, expect, it } from '@jest/globals'
import { createParser, type EventSourceMessage } from 'eventsource-parser'
import fc from 'fast-check'
import { formatEvent, type SseEvent } from '../../lib/sse/event.js'

/** The events that a client parses from a stream. */
function parse(text: string): { events: EventSourceMessage[]; retries: number[]; errors: unknown[] } {
  const events: EventSourceMessage[] = []
  const retries: number[] = []
  const errors: unknown[] = []
  const parser = createParser({
    onEvent: event => events.push(event),
    onRetry: retry => retries.push(retry),
    onError: error => errors.push(error),
  })
  parser.feed(text)
  return { events, retries, errors }
}

const LOOP: { self?: unknown } = {}
LOOP.self = LOOP

describe('an event as text', () => {
  it.each<[string, SseEvent | string, string]>([
    ['a string is the data', 'hello', 'data: hello\n\n'],
    ['an empty string is data, too', '', 'data: \n\n'],
    ['all fields', { event: 'tick', id: '7', retry: 500, data: 'x' }, 'event: tick\nid: 7\nretry: 500\ndata: x\n\n'],
    ['lines of data are fields of their own', { data: 'a\nb\r\nc\rd' }, 'data: a\ndata: b\ndata: c\ndata: d\n\n'],
    ['a line end at the end is a line', 'a\n', 'data: a\ndata: \n\n'],
    ['a space at the start stays', ' a', 'data:  a\n\n'],
    ['a colon is nothing special', 'a: b', 'data: a: b\n\n'],
    ['an object is JSON', { data: { n: 1, text: 'a\nb' } }, 'data: {"n":1,"text":"a\\nb"}\n\n'],
    ['null is JSON', { data: null }, 'data: null\n\n'],
    ['a number is JSON', { data: 0 }, 'data: 0\n\n'],
    ['an id alone', { id: '9' }, 'id: 9\n\n'],
    ['an id that is forgotten', { id: '' }, 'id: \n\n'],
    ['a retry alone', { retry: 0 }, 'retry: 0\n\n'],
  ])('is written: %s', (_, event, text) => {
    expect(formatEvent(event)).toBe(text)
  })

  it.each<[string, SseEvent, string, string]>([
    ['LF in an id', { id: 'a\nb' }, 'badField', 'id must not contain "\\n"'],
    ['CR in an id', { id: 'a\rb' }, 'badField', 'id must not contain "\\r"'],
    ['NUL in an id', { id: 'a\0b' }, 'badField', 'id must not contain "\\u0000"'],
    ['LF in a name', { event: 'a\ndata: forged' }, 'badField', 'event must not contain "\\n"'],
    ['CR in a name', { event: 'a\r' }, 'badField', 'event must not contain "\\r"'],
    ['a negative retry', { retry: -1 }, 'badRange', 'retry must be a whole number of milliseconds, not -1'],
    ['a fraction as retry', { retry: 0.5 }, 'badRange', 'retry must be a whole number of milliseconds, not 0.5'],
    ['no number as retry', { retry: NaN }, 'badRange', 'retry must be a whole number of milliseconds, not NaN'],
    ['data that is no JSON', { data: () => 1 }, 'badField', 'data must be a string or JSON, not a function'],
    ['a BigInt', { data: 1n }, 'badField', 'data must be a string or JSON: it cannot be serialized'],
    ['an object within itself', { data: LOOP }, 'badField', 'data must be a string or JSON: it cannot be serialized'],
  ])('%s is refused', (_, event, code, message) => {
    expect(() => formatEvent(event)).toThrow(expect.objectContaining({ name: 'LocalProtocolError', code, message }))
  })
})

describe('the events that a client reads', () => {
  const line = fc.string({ unit: 'grapheme' }).map(text => text.replace(/[\r\n\0]/g, ''))
  const data = fc.array(fc.oneof(line, fc.constantFrom('\n', '\r', '\r\n', ':', ' '))).map(parts => parts.join(''))

  it('have the data that was sent, with LF for every line end', () => {
    fc.assert(fc.property(line, line, data, (event, id, text) => {
      const { events, errors } = parse(formatEvent({ event, id, data: text }))
      expect(errors).toEqual([])
      expect(events).toHaveLength(1)
      expect(events[0].id).toBe(id)
      expect(events[0].event ?? '').toBe(event)
      expect(events[0].data).toBe(text.replace(/\r\n?/g, '\n'))
    }))
  })

  it('carry any JSON', () => {
    fc.assert(fc.property(fc.jsonValue(), value => {
      const { events } = parse(formatEvent({ data: value }))
      const expected = typeof value === 'string' ? value.replace(/\r\n?/g, '\n') : JSON.stringify(value)
      expect(events[0].data).toBe(expected)
    }))
  })

  it('do not include an event without data', () => {
    expect(parse(formatEvent({ event: 'tick', id: '1', retry: 20 }))).toEqual({ events: [], retries: [20], errors: [] })
  })
})
