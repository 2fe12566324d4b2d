/**
 * Values that TypeScript would refuse, passed from JavaScript: each works as expected, or is refused with a message.
 */
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from '@jest/globals'
import { DEFAULT_CONFIG, withDefaults } from '../../lib/connection/config.js'
import { isBytes } from '../../lib/demand/chunk.js'
import { settingsOf, type ConnectionOptions } from '../../lib/reactive/connection-options.js'
import { headersOf, type HeadersInit } from '../../lib/reactive/reply-fields.js'
import { bodyOf, checkedReply, type Reply } from '../../lib/reactive/reply.js'

const fields = (init: unknown): unknown => headersOf(init as HeadersInit).toList()
const body = (value: unknown): unknown => bodyOf({ body: value } as Reply)

describe('options', () => {
  it('that are undefined have their defaults', () => {
    const nothing = Object.fromEntries(Object.keys(settingsOf({})).map(name => [name, undefined])) as ConnectionOptions
    expect(settingsOf(nothing)).toEqual(settingsOf({}))
    expect(withDefaults(DEFAULT_CONFIG, { maxHeaderSize: undefined, drainLimit: 5 }))
      .toEqual({ ...DEFAULT_CONFIG, drainLimit: 5 })
  })

  it('that are 0, false or null replace their defaults', () => {
    expect(settingsOf({ headersTimeout: 0 }).headersTimeout).toBe(0)
    expect(withDefaults({ a: true, b: 1 }, { a: false, b: 0 })).toEqual({ a: false, b: 0 })
    expect(withDefaults(DEFAULT_CONFIG, { scheme: null }).scheme).toBeNull()
  })
})

describe('header fields', () => {
  it.each([
    ['a Map', new Map([['x-a', '1']])],
    ['Headers of the Fetch standard', new globalThis.Headers({ 'x-a': '1' })],
    ['pairs', [['x-a', '1']]],
    ['a record with an undefined value', { 'x-a': '1', 'x-b': undefined }],
    ['a number', { 'x-a': 1 }],
  ])('may be %s', (_, init) => {
    expect(fields(init)).toEqual([['x-a', '1']])
  })

  it('of the Fetch standard keep each Set-Cookie', () => {
    const init = new globalThis.Headers()
    init.append('set-cookie', 'a=1')
    init.append('set-cookie', 'b=2')
    expect(fields(init)).toEqual([['set-cookie', 'a=1'], ['set-cookie', 'b=2']])
  })

  it.each([
    ['null', { 'x-a': null }],
    ['a date', { 'x-a': new Date(0) }],
    ['a list with null', { 'x-a': ['1', null] }],
    ['a pair with null', new Map([['x-a', null]])],
  ])('are refused with the name of the field if a value is %s', (_, init) => {
    expect(() => fields(init)).toThrow('the value of x-a is neither a string nor a number nor a list of them')
  })

  it.each([null, 5, 'x-a: 1'])('are refused if they are %j', init => {
    expect(() => fields(init)).toThrow(`header fields are a record or pairs, not ${String(init)}`)
  })
})

describe('a body', () => {
  it.each([[null], [undefined]])('is empty if it is %s', value => {
    expect(body(value)).toBeUndefined()
  })

  it.each([5, true, {}, new Date(0), new DataView(new ArrayBuffer(1)), Symbol('s')])('is refused: %p', value => {
    expect(() => body(value))
      .toThrow('a body is a string, bytes, an iterable, a stream, an Observable or a function')
  })

  it('may be bytes of another realm', () => {
    const bytes: unknown = runInNewContext('new Uint8Array([65])')
    expect(bytes instanceof Uint8Array).toBe(false)
    expect(isBytes(bytes)).toBe(true)
    expect(body(bytes)).toBe(bytes)
  })
})

describe('a reply', () => {
  it.each(['header', 'Status', 'data'])('with an unknown key is refused: %s', key => {
    expect(() => checkedReply({ status: 200, [key]: 1 })).toThrow(`a reply has no ${key}: it has status, reason,`)
  })

  it('that is a Response of the Fetch standard is refused with a message that says so', () => {
    expect(() => checkedReply(new globalThis.Response('x')))
      .toThrow('a Response of the Fetch standard is no reply: give its status, headers and body')
  })

  it('may be empty', () => {
    expect(checkedReply({})).toEqual({})
  })
})
