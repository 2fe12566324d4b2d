/**
 * HTTP versions: their text and their order.
 */
import { describe, expect, it } from '@jest/globals'
import * as fc from 'fast-check'
import { Version } from '../../lib/message/version.js'

const version = fc.tuple(fc.nat(9), fc.nat(9)).map(([major, minor]) => Version.of(major, minor))

describe('Version', () => {
  it('of returns the constants for 1.0 and 1.1', () => {
    expect(Version.of(1, 0)).toBe(Version.HTTP_1_0)
    expect(Version.of(1, 1)).toBe(Version.HTTP_1_1)
    expect(Version.of(2, 0)).toMatchObject({ major: 2, minor: 0 })
  })

  it('toString writes the form of a start line (RFC 9112 §2.3)', () => {
    expect(Version.HTTP_1_1.toString()).toBe('HTTP/1.1')
    expect(String(Version.of(3, 7))).toBe('HTTP/3.7')
  })

  it('compare orders by major, then by minor', () => {
    fc.assert(fc.property(version, version, (a, b) => {
      expect(Math.sign(a.compare(b))).toBe(Math.sign(10 * a.major + a.minor - 10 * b.major - b.minor))
    }))
  })
})
