/**
 * Valid and invalid Host values, and the number of Host fields in a request.
 */
import { describe, expect, it } from '@jest/globals'
import * as fc from 'fast-check'
import { hostFault, isValidHost } from '../../lib/message/host.js'
import { type Field, Headers } from '../../lib/message/headers.js'
import { Request } from '../../lib/message/request.js'
import { Version } from '../../lib/message/version.js'

describe('a Host value (RFC 9112 §3.2, RFC 3986 §3.2.2)', () => {
  it.each([
    'example.org', 'example.org:8080', 'EXAMPLE', 'localhost', '127.0.0.1', '127.0.0.1:80', 'example.org.', 'a_b-c~d',
    "!$&'()*+,;=", '%41%c3%a9', 'a%2Fb', '999.999.999.999', 'example.org:', '', ':80',
    '[::1]', '[::1]:8080', '[::]', '[1:2:3:4:5:6:7:8]', '[1::8]', '[1:2:3:4:5:6:7::]', '[::2:3:4:5:6:7:8]',
    '[::ffff:192.0.2.128]', '[1:2:3:4:5:6:192.0.2.128]', '[::192.0.2.255]', '[fe80::ABCD]:', '[v1.a:b]', '[vF.~]',
  ])('%j is valid', value => {
    expect(isValidHost(value)).toBe(true)
  })

  it.each([
    'user@example.org', 'user:password@example.org', 'a b', ' a', 'a ', 'a\tb', 'a\0', 'a\r', 'a\n', 'a/b', 'a?b',
    'a#b', 'a\\b', 'a"b', '<a>', 'a|b', 'a^b', 'é', 'http://a', 'a:b', 'a:80:80', 'a:-1', 'a:+80', 'a: 80', 'a%', 'a%4', 'a%4g',
    '::1', '[', '[]', '[::1', '::1]', '[::1]a', '[::1]80', '[::1]:x', 'a[::1]', '[::1%25eth0]', '[1:2:3:4:5:6:7]',
    '[1:2:3:4:5:6:7:8:9]', '[1::2::3]', '[:::]', '[:1:2:3:4:5:6:7]', '[1:2:3:4:5:6:7:8::]', '[12345::]', '[g::]',
    '[::1.2.3]', '[::1.2.3.256]', '[::1.2.3.4.5]', '[::01.2.3.4]', '[::1.2.3.4.]', '[1.2.3.4::]', '[1.2.3.4]',
    '[1:2:3:4:5:6:7:1.2.3.4]', '[v1]', '[v.a]', '[v1.]', '[x1.a]', '[v1.a@b]',
  ])('%j is not valid', value => {
    expect(isValidHost(value)).toBe(false)
  })

  it('has only characters of the grammar if it is valid', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), value => {
      if (isValidHost(value)) expect(value).toMatch(/^[\w.~!$&'()*+,;=%:[\]-]*$/)
    }))
  })

  it('may be any IPv6 address, in full or with one run of groups replaced by ::', () => {
    const pieces = fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 8, maxLength: 8 })
    fc.assert(fc.property(pieces, fc.nat(7), fc.nat(7), (numbers, a, b) => {
      const hex = numbers.map(number => number.toString(16))
      const [from, to] = [Math.min(a, b), Math.max(a, b) + 1]
      expect(isValidHost(`[${hex.join(':')}]`)).toBe(true)
      expect(isValidHost(`[${hex.slice(0, from).join(':')}::${hex.slice(to).join(':')}]:443`)).toBe(true)
    }))
  })
})

describe('the Host of a request (RFC 9112 §3.2)', () => {
  it.each<['HTTP_1_0' | 'HTTP_1_1', hosts: string[], fault: string | null]>([
    ['HTTP_1_1', ['a'], null],
    ['HTTP_1_1', [''], null],
    ['HTTP_1_1', [], 'badHost'],
    ['HTTP_1_1', ['a', 'a'], 'badHost'],
    ['HTTP_1_1', ['a@b'], 'badHost'],
    ['HTTP_1_0', [], null],
    ['HTTP_1_0', ['a'], null],
    ['HTTP_1_0', ['a', 'a'], 'badHost'],
    ['HTTP_1_0', ['a@b'], 'badHost'],
  ])('%s with hosts %j: %s', (version, hosts, fault) => {
    const fields = hosts.map((host): Field => ['Host', host])
    const request = Request.create('GET', '/', { version: Version[version], headers: Headers.ofList(fields) })
    expect(hostFault(request)).toBe(fault)
  })
})
