/**
 * Methods, and which of them are safe, idempotent and cacheable.
 */
import { describe, expect, it } from '@jest/globals'
import * as fc from 'fast-check'
import { Method } from '../../lib/message/method.js'

describe('Method', () => {
  // RFC 9110 §9.2.1, §9.2.2, §9.2.3; RFC 5789 §2 for PATCH.
  it.each([
    ['GET', 'safe', 'idempotent', 'cacheable'],
    ['HEAD', 'safe', 'idempotent', 'cacheable'],
    ['POST', '', '', 'cacheable'],
    ['PUT', '', 'idempotent', ''],
    ['DELETE', '', 'idempotent', ''],
    ['CONNECT', '', '', ''],
    ['OPTIONS', 'safe', 'idempotent', ''],
    ['TRACE', 'safe', 'idempotent', ''],
    ['PATCH', '', '', ''],
  ])('%s is standard %s %s %s', (method, safe, idempotent, cacheable) => {
    expect(Method.isStandard(method)).toBe(true)
    expect(Method.isSafe(method)).toBe(safe !== '')
    expect(Method.isIdempotent(method)).toBe(idempotent !== '')
    expect(Method.isCacheable(method)).toBe(cacheable !== '')
  })

  it('lists the standard methods', () => {
    expect(Method.standard).toHaveLength(9)
    expect(Method.standard.every(Method.isStandard)).toBe(true)
  })

  it('is case-sensitive (RFC 9110 §9.1)', () => {
    expect(Method.isStandard('get')).toBe(false)
    expect(Method.isSafe('Get')).toBe(false)
  })

  it('isSafe(m) ⇒ isIdempotent(m); a method that is not standard has no property', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.constantFrom(...Method.standard)), method => {
      if (Method.isSafe(method)) expect(Method.isIdempotent(method)).toBe(true)
      const isKnown = Method.isSafe(method) || Method.isIdempotent(method) || Method.isCacheable(method)
      if (isKnown) expect(Method.isStandard(method)).toBe(true)
    }))
  })
})
