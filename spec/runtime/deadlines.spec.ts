/**
 * The counting of time, from tick to tick.
 */
import { describe, expect, it } from '@jest/globals'
import { settingsOf } from '../../lib/reactive/connection-options.js'
import { Deadlines, type Limit, type Phase } from '../../lib/runtime/deadlines.js'

interface Seen {
  readonly phase: Phase
  readonly requestCount?: number
  readonly receivedBytes?: number
  readonly writtenBytes?: number
  readonly bodyConsumed?: number
  readonly hasOutput?: boolean
}

const NOTHING = { requestCount: 0, receivedBytes: 0, writtenBytes: 0, bodyConsumed: 0, hasOutput: false }

/** Returns the limits reached if each of these states lasts a second. */
function limitsOf(seen: readonly Seen[], options = {}): (Limit | null)[] {
  const deadlines = new Deadlines(settingsOf({ connectionsCheckingInterval: 1000, ...options }), 0)
  return seen.map((state, index) => deadlines.tick({ ...NOTHING, ...state }, (index + 1) * 1000))
}

function seconds(count: number, state: Seen): Seen[] {
  return Array.from({ length: count }, () => state)
}

describe('time', () => {
  it('of a head is counted from when it was first seen', () => {
    const idle = seconds(50, { phase: 'idle' })
    const head = seconds(5, { phase: 'head' })
    const limits = limitsOf([...idle, ...head], { headersTimeout: 4000 })
    expect(limits.slice(50)).toEqual([null, null, null, null, 'headersTimeout'])
  })

  it('of a request is that of its head and its body', () => {
    const states: Seen[] = [
      ...seconds(3, { phase: 'head' }),
      ...seconds(4, { phase: 'body', requestCount: 1 }),
    ]
    const limits = limitsOf(states, { requestTimeout: 5000 })
    expect(limits.indexOf('requestTimeout')).toBeGreaterThanOrEqual(5)
    expect(limits).toContain('requestTimeout')
  })

  it('of a body counts only while it is waited for', () => {
    const states: Seen[] = []
    for (let i = 0; i < 20; i++) states.push({ phase: 'body', requestCount: 1 }, { phase: 'handler', requestCount: 1 })
    expect(limitsOf(states, { requestTimeout: 5000 }).every(limit => limit === null)).toBe(true)
  })

  it('of a body without progress is counted from the last byte that came', () => {
    const states: Seen[] = Array.from({ length: 20 }, (_, index) => (
      { phase: 'body', requestCount: 1, receivedBytes: Math.floor(index / 2) }))
    expect(limitsOf(states, { readTimeout: 2000 }).every(limit => limit === null)).toBe(true)
    const silent = seconds(5, { phase: 'body', requestCount: 1, receivedBytes: 9 })
    expect(limitsOf([...states, ...silent], { readTimeout: 2000 }).slice(20)).toContain('readTimeout')
    expect(limitsOf(silent).every(limit => limit === null)).toBe(true)
  })

  it('of a body without progress counts only while the body is waited for', () => {
    const states: Seen[] = []
    for (let i = 0; i < 20; i++) states.push({ phase: 'body', requestCount: 1 }, { phase: 'handler', requestCount: 1 })
    expect(limitsOf(states, { readTimeout: 1000 }).every(limit => limit === null)).toBe(true)
  })

  it('of requests that follow one another is counted anew', () => {
    const states = Array.from({ length: 50 }, (_, requestCount): Seen => ({ phase: 'handler', requestCount }))
    expect(limitsOf(states, { handlerTimeout: 2000 }).every(limit => limit === null)).toBe(true)
  })

  it('between requests is counted only from the first request on', () => {
    const options = { keepAliveTimeout: 5000, headersTimeout: 2000 }
    const limits = limitsOf(seconds(10, { phase: 'idle', requestCount: 1 }), options)
    expect(limits.indexOf('keepAliveTimeout')).toBe(5)
  })

  it('without output does not count as slow reading', () => {
    const limits = limitsOf(seconds(50, { phase: 'response' }), { writeTimeout: 5000 })
    expect(limits.every(limit => limit === null)).toBe(true)
  })

  it('of output counts from its last progress', () => {
    const states = Array.from({ length: 30 }, (_, index): Seen => (
      { phase: 'response', hasOutput: true, writtenBytes: Math.min(index, 20) }))
    const at = limitsOf(states, { writeTimeout: 5000 }).indexOf('writeTimeout')
    expect(at).toBeGreaterThanOrEqual(25)
    expect(at).toBeLessThanOrEqual(26)
  })
})
