/**
 * Header fields as handlers give them. Those of short records are cached, which must not change the result.
 */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { Headers } from '../../lib/message/headers.js'
import { headersOf } from '../../lib/reactive/reply-fields.js'

const name = fc.constantFrom('a', 'b', 'cc', 'X-Long-Name', 'x'.repeat(80))
const value = fc.oneof(fc.constantFrom('', '1', '2', 'text/html', 'text/plain'), fc.string({ maxLength: 100 }))
const record = fc.dictionary(name, value, { maxKeys: 10 })

describe('the fields of a reply', () => {
  it('may be Headers, a record, or undefined', () => {
    const headers = Headers.of({ 'X-A': 'b' })
    expect(headersOf(headers)).toBe(headers)
    expect(headersOf({ 'X-A': ['b', 'c'], 'X-N': 5 }).toList()).toEqual([['X-A', 'b'], ['X-A', 'c'], ['X-N', '5']])
    expect(headersOf(undefined)).toBe(Headers.empty)
  })

  it('are shared by equal records', () => {
    const make = (): Headers => headersOf({ 'content-type': 'application/json', 'vary': 'accept' })
    expect(make()).toBe(make())
  })

  it('follow changes of the record', () => {
    const fields: Record<string, string> = { etag: '"1"' }
    expect(headersOf(fields).get('etag')).toBe('"1"')
    fields['etag'] = '"2"'
    expect(headersOf(fields).get('etag')).toBe('"2"')
    fields['via'] = 'a'
    expect(headersOf(fields).toList()).toEqual([['etag', '"2"'], ['via', 'a']])
  })

  it('have the order of the record', () => {
    expect(headersOf({ aa: '1', bb: '2' }).toList()).toEqual([['aa', '1'], ['bb', '2']])
    expect(headersOf({ bb: '2', aa: '1' }).toList()).toEqual([['bb', '2'], ['aa', '1']])
  })

  it('are not cached if a value is long, because it may be a secret', () => {
    const make = (): Headers => headersOf({ 'set-cookie': 's'.repeat(65) })
    expect(make()).not.toBe(make())
  })

  it('are those of the record, whatever was cached before', () => {
    fc.assert(fc.property(fc.array(record, { maxLength: 30 }), records => {
      for (const each of [...records, ...records]) expect(headersOf(each).toList()).toEqual(Object.entries(each))
    }))
  })

  it.each<unknown>([10, null, 'ab', [], ['a'], ['a', undefined], ['a', 'b', 'c'], [1, 'b'], new Date()])(
    'are not a list that has %p', member => {
      expect(() => headersOf([['a', 'b'], member] as never)).toThrow(expect.objectContaining({ code: 'badField' }))
    })

  it('may not be a promise, whose rejection is handled', async () => {
    const failing = Promise.reject(new Error('no fields'))
    expect(() => headersOf(failing as never)).toThrow(expect.objectContaining({ code: 'badField' }))
    await Promise.resolve()
  })
})
