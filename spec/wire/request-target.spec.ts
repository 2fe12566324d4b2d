/**
 * The four forms of a request target.
 */
import { describe, expect, it } from '@jest/globals'
import { absoluteAuthority, absoluteScheme, isValidTarget } from '../../lib/wire/request-target.js'

describe('a request target (RFC 9112 §3.2)', () => {
  it.each([
    ['GET', '/'], ['GET', '/a/b?c'], ['GET', '//a'], ['DELETE', '/*'], ['OPTIONS', '/'],
    ['GET', 'http://a'], ['GET', 'http://a/'], ['GET', 'http://a?b'], ['GET', 'HTTP://a:80/b'], ['GET', 'https://[::1]:443/'],
    ['OPTIONS', 'http://a'], ['OPTIONS', '*'],
    ['CONNECT', 'a:443'], ['CONNECT', '127.0.0.1:0'], ['CONNECT', '[::1]:65535'],
  ])('%s %s is valid', (method, target) => {
    expect(isValidTarget(method, target)).toBe(true)
  })

  it.each([
    ['GET', ''], ['GET', '*'], ['GET', 'a'], ['GET', 'a:443'], ['GET', '?a'], ['OPTIONS', '**'], ['OPTIONS', '*/'],
    ['PUT', 'urn+x.y-z1://a/'], ['GET', 'javascript://a/'], ['GET', 'file://a/'], ['GET', 'ws://a/'], ['GET', 'shttp://a/'],
    ['GET', 'http:/a'], ['GET', 'http:a'], ['GET', '://a'], ['GET', '1http://a'], ['GET', 'ht_tp://a'],
    ['GET', 'http://'], ['GET', 'http:///a'], ['GET', 'http://:80/'], ['GET', 'http://user@a/'], ['GET', 'http://a:b/'],
    ['GET', 'http://a\\@b/'], ['GET', 'http://[::1/'], ['CONNECT', '*'], ['CONNECT', '/'], ['CONNECT', 'a'],
    ['CONNECT', 'a:'], ['CONNECT', ':443'], ['CONNECT', 'a:65536'], ['CONNECT', 'a:b'], ['CONNECT', 'http://a:443'],
    ['CONNECT', 'u@a:443'], ['CONNECT', 'a:443/'],
  ])('%s %s is not valid', (method, target) => {
    expect(isValidTarget(method, target)).toBe(false)
  })
})

describe('the authority of an absolute form (RFC 3986 §3.2)', () => {
  it.each<[target: string, authority: string | null]>([
    ['http://a:80/b', 'a:80'], ['http://a?b', 'a'], ['http://a', 'a'], ['http:///b', ''],
    ['/http://a', null], ['*', null], ['a:443', null],
  ])('of %s is %j', (target, authority) => {
    expect(absoluteAuthority(target)).toBe(authority)
  })
})

describe('the scheme of an absolute form (RFC 9110 §4.2)', () => {
  it.each<[target: string, scheme: string | null]>([
    ['http://a', 'http'], ['https://a?b', 'https'], ['HTTPS://a/', 'https'], ['ws://a', null], ['/https://a', null],
    ['*', null], ['a:443', null], ['http:443', null],
  ])('of %s is %j', (target, scheme) => {
    expect(absoluteScheme(target)).toBe(scheme)
  })
})
