/**
 * The comparison and the display of values.
 */
import { describe, expect, it } from '@jest/globals'
import { difference, like } from '../../lib/testing/equality.js'
import { show, showDifference } from '../../lib/testing/show.js'

const circle: Record<string, unknown> = { name: 'round' }
circle['self'] = circle
const otherCircle: Record<string, unknown> = { name: 'round' }
otherCircle['self'] = otherCircle

describe('difference', () => {
  it.each([
    [1, 1], ['a', 'a'], [NaN, NaN], [null, null], [[1, [2]], [1, [2]]], [{ a: 1 }, { a: 1, b: undefined }],
    [new Uint8Array([1, 2]), new Uint8Array([1, 2])], [new Error('x'), new Error('x')], [new Date(5), new Date(5)],
    [new Set([1]), new Set([1])], [new Map([[1, 2]]), new Map([[1, 2]])], [circle, otherCircle],
    [{ a: 5 }, { a: expect.any(Number) }], [{ a: 1, b: { c: 2, d: 3 } }, like({ b: { c: 2 } })],
    [[{ a: 1, b: 2 }], [like({ a: 1 })]],
  ])('finds none between %p and %p', (actual, expected) => {
    expect(difference(actual, expected)).toBeNull()
  })

  const cases: [actual: unknown, expected: unknown, path: string][] = [
    [1, 2, ''], [{ a: { b: [1, 2] } }, { a: { b: [1, 3] } }, '.a.b[1]'], [[1, 2], [1], '[1]'],
    [{ 'x-y': 1 }, {}, "['x-y']"], [new Error('x'), new Error('y'), '.message'], [new Error('x'), { message: 'x' }, ''],
    [[], {}, ''], [null, {}, ''], [new Uint8Array([1]), new Uint8Array([1, 2]), '[1]'],
    [new Date(5), new Date(6), ''], [new Set([1]), new Set([2]), ''], [{ a: '5' }, { a: expect.any(Number) }, '.a'],
    [{ a: 1, b: { c: 2 } }, like({ b: { c: 3 } }), '.b.c'], ['a', like({ a: 1 }), ''],
  ]
  it.each(cases)('finds that of %p and %p at %p', (actual, expected, path) => {
    expect(difference(actual, expected)?.path).toBe(path)
  })
})

describe('like', () => {
  it('works as a matcher for jest', () => {
    expect({ a: 1, b: 2 }).toEqual(like({ a: 1 }))
    expect({ a: 1, b: 2 }).not.toEqual(like({ a: 2 }))
  })
})

describe('show', () => {
  it.each([
    ["it's \"so\"\r\n", "'it\\'s \"so\"\\r\\n'"], [12, '12'], [undefined, 'undefined'], [[1, 'a'], "[1, 'a']"],
    [{}, '{}'],
    [{ a: { b: { c: { d: 1 } } } }, '{ a: { b: { c: … } } }'], [new TypeError('no'), 'TypeError: no'],
    [new Uint8Array([0, 255]), '2 bytes 00 ff'], [new Uint8Array(30), `30 bytes ${'00 '.repeat(24)}…`],
    [like({ a: 1 }), 'like { a: 1 }'], ['x'.repeat(200), `'${'x'.repeat(158)}…`], [show, 'function show'],
    [new URL('http://a/b'), 'http://a/b'],
  ])('shows %p as %s', (value, text) => {
    expect(show(value)).toBe(text)
  })

  it('shows the place at which long texts differ', () => {
    const [before, after] = ['x'.repeat(100), 'y'.repeat(100)]
    const found = { path: '.body', expected: `${before}a${after}`, actual: `${before}b${after}` }
    const around = (letter: string): string => `…'${'x'.repeat(30)}${letter}${'y'.repeat(39)}'…`
    expect(showDifference(found)).toBe(`.body: expected ${around('a')}, received ${around('b')} (at character 100)`)
  })
})
