/**
 * Persistence, upgrades and expectations of a request, read from its fields.
 */
import { describe, expect, it } from '@jest/globals'
import { type Field, Headers } from '../../lib/message/headers.js'
import { expectation, isUpgradeRequest, requestIsPersistent } from '../../lib/message/persistence.js'
import { Request } from '../../lib/message/request.js'
import { Version } from '../../lib/message/version.js'

const VERSIONS = { '1.0': Version.HTTP_1_0, '1.1': Version.HTTP_1_1, '1.2': Version.of(1, 2) }

function request(version: keyof typeof VERSIONS, ...fields: Field[]): Request {
  return Request.create('GET', '/', { version: VERSIONS[version], headers: Headers.ofList(fields) })
}

describe('persistence (RFC 9112 §9.3)', () => {
  it.each<['1.0' | '1.1' | '1.2', connection: string | null, persistent: boolean]>([
    ['1.1', null, true],
    ['1.1', 'keep-alive', true],
    ['1.1', 'close', false],
    ['1.1', 'Close', false],
    ['1.1', 'upgrade, close', false],
    ['1.1', 'keep-alive, close', false],
    ['1.1', 'closed', true],
    ['1.1', '', true],
    ['1.2', null, true],
    ['1.0', null, false],
    ['1.0', 'keep-alive', true],
    ['1.0', 'Keep-Alive', true],
    ['1.0', 'foo, keep-alive', true],
    ['1.0', 'keep-alive, close', false],
    ['1.0', 'close', false],
  ])('HTTP/%s with Connection %j: %s', (version, connection, persistent) => {
    const fields: Field[] = connection === null ? [] : [['Connection', connection]]
    expect(requestIsPersistent(request(version, ...fields))).toBe(persistent)
  })

  it('close overrides keep-alive, even in another field', () => {
    expect(requestIsPersistent(request('1.1', ['Connection', 'close'], ['Connection', 'keep-alive']))).toBe(false)
  })
})

describe('upgrade (RFC 9110 §7.8)', () => {
  it.each<[what: string, '1.0' | '1.1', fields: Field[], isUpgrade: boolean]>([
    ['is requested by both fields', '1.1', [['Upgrade', 'websocket'], ['Connection', 'keep-alive, Upgrade']], true],
    ['is not requested without Upgrade', '1.1', [['Connection', 'upgrade']], false],
    ['is not requested by another Connection', '1.1', [['Upgrade', 'websocket'], ['Connection', 'keep-alive']], false],
    ['is not requested without Connection', '1.1', [['Upgrade', 'websocket']], false],
    ['is not requested in HTTP/1.0', '1.0', [['Upgrade', 'websocket'], ['Connection', 'upgrade']], false],
  ])('%s', (_what, version, fields, isUpgrade) => {
    expect(isUpgradeRequest(request(version, ...fields))).toBe(isUpgrade)
  })
})

describe('expectation (RFC 9110 §10.1.1)', () => {
  it.each<['1.0' | '1.1', expect: string | null, expectation: string]>([
    ['1.1', null, 'none'],
    ['1.1', '100-continue', 'continue'],
    ['1.1', '100-Continue', 'continue'],
    ['1.1', '100-continue, 100-continue', 'continue'],
    ['1.1', '100-continue, more', 'unknown'],
    ['1.1', '200-ok', 'unknown'],
    ['1.1', '100-continue=1', 'unknown'],
    ['1.1', '', 'none'],
    ['1.0', '100-continue', 'none'],
    ['1.0', 'more', 'none'],
  ])('HTTP/%s with Expect %j: %s', (version, value, expected) => {
    const fields: Field[] = value === null ? [] : [['Expect', value]]
    expect(expectation(request(version, ...fields))).toBe(expected)
  })
})
