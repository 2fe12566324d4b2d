/**
 * Exceptions of handlers: the status and the text that the client receives, and whether the connection stays open.
 */
import { describe, expect, it } from '@jest/globals'
import { throwError } from 'rxjs'
import type { ErrorHandler } from '../../lib/connection/error-handler.js'
import { HttpError } from '../../lib/errors.js'
import { Headers } from '../../lib/message/headers.js'
import { Stage } from '../helpers/fake-transport.js'
import { get } from '../helpers/runtime.js'

const failure = new Error('the handler failed')

describe('the status of an error', () => {
  const foreign = (parts: object): Error => Object.assign(new Error('the reason'), parts)

  it.each<[string, unknown, number, string]>([
    ['an HttpError', new HttpError(404, 'no such book'), 404, 'no such book'],
    ['an HttpError without a message', new HttpError(410), 410, 'Gone'],
    ['an HttpError of the server', new HttpError(503, 'the database is down'), 503, 'Service Unavailable'],
    ['an HttpError that is not to be exposed', new HttpError(403, 'is no friend', { expose: false }), 403, 'Forbidden'],
    ['an HttpError with a message beyond ASCII', new HttpError(400, 'für später'), 400, 'f\xc3\xbcr sp\xc3\xa4ter'],
    ['an error with a status', foreign({ status: 409 }), 409, 'Conflict'],
    ['an error with a statusCode that is to be exposed', foreign({ statusCode: 402, expose: true }), 402, 'the reason'],
    ['an error without an error status', foreign({ status: 200, statusCode: 600 }), 500, 'Internal Server Error'],
    ['a string', 'text', 500, 'Internal Server Error'],
    ['an object whose properties throw', new Proxy({}, { get: () => { throw failure } }), 500, 'Internal Server Error'],
  ])('is derived from %s', (_, error, status, body) => {
    const stage = Stage.open(() => throwError(() => error)).receive(get('/') + get('/'))
    const answers = stage.text.split(/(?=HTTP\/1\.1 )/)
    expect(answers).toHaveLength(2)
    for (const answer of answers) {
      expect(answer.startsWith(`HTTP/1.1 ${status} `)).toBe(true)
      expect(answer.endsWith(`\r\n\r\n${body}\n`)).toBe(true)
    }
    expect(stage.errors).toHaveLength(2)
  })

  it('comes with the fields of an HttpError, except framing fields and Connection', () => {
    const headers = {
      'Retry-After': 30, 'WWW-Authenticate': ['Basic', 'Bearer'], 'content-length': '1', 'Transfer-Encoding': 'x',
      'connection': 'close', 'Content-Type': 'text/x',
    }
    const { text } = Stage.open(() => { throw new HttpError(401, 'who?', { headers }) }).receive(get('/'))
    expect(text).toMatch(/^HTTP\/1.1 401 [^]*\r\nRetry-After: 30\r\n[^]*\r\n\r\nwho\?\n$/)
    expect(text).toContain('WWW-Authenticate: Basic\r\nWWW-Authenticate: Bearer\r\n')
    expect(text.match(/content-type: .*/gi)).toEqual(['Content-Type: text/x'])
    expect(text.match(/content-length: .*/gi)).toEqual(['Content-Length: 5'])
    expect(text).not.toMatch(/transfer-encoding|connection/i)
  })

  it.each<[string, PropertyDescriptor]>([
    ['invalid ones', { value: { 'a b': 'c' } }],
    ['invalid values', { value: { a: 'b\r\nc: d' } }],
    ['a getter that throws', { get: () => { throw failure } }],
  ])('comes without fields for an HttpError whose fields were replaced by %s', (_, headers) => {
    const error = Object.defineProperty(new HttpError(404, 'gone', { headers: { a: 'b' } }), 'headers', headers)
    const stage = Stage.open(() => { throw error }).receive(get('/'))
    expect(stage.text).toMatch(/^HTTP\/1.1 404 [^]*\r\n\r\ngone\n$/)
    expect(stage.text).not.toMatch(/^(a|c)/m)
    expect(stage.errors).toEqual([error])
  })

  it('comes without fields for an HttpError that has none, and invalid fields are refused by the constructor', () => {
    const other = Object.assign(Object.create(HttpError.prototype) as Error, { status: 404, expose: true })
    expect(Stage.open(() => { throw other }).receive(get('/')).text).toMatch(/^HTTP\/1.1 404 /)
    const bad: object[] = [{ 'a b': 'c' }, { a: 'b\r\nc: d' }, { a: ['b', '\0'] }, { a: null }, { a: '\u0100' }]
    for (const headers of bad) {
      expect(() => new HttpError(404, '', { headers: headers as never })).toThrow(expect.objectContaining({
        code: 'badField',
      }))
    }
  })

  it('may be chosen by the error handler, which may answer later', () => {
    const begin: (() => void)[] = []
    const errorHandler: ErrorHandler = (_error, startResponse, request) => {
      begin.push(() => {
        const body = startResponse(Headers.empty, 418)
        body.writeString(`not ${request!.target}`)
        body.close()
      })
    }
    const stage = Stage.open(() => { throw failure }, { errorHandler }).receive(get('/1') + get('/2'))
    expect(stage.text).toBe('')
    for (const answer of [0, 1]) {
      begin[answer]()
      stage.settle()
    }
    expect(stage.text).toMatch(/^HTTP\/1.1 418 [^]*not \/1[^]*HTTP\/1.1 418 [^]*not \/2/)
    expect(stage.transport.hasEnded).toBe(false)
  })

  it('is decided by the default if the error handler chooses an invalid one', () => {
    const errorHandler: ErrorHandler = (_error, startResponse) => { startResponse(Headers.empty, 99) }
    expect(Stage.open(() => { throw failure }, { errorHandler }).receive(get('/')).text).toMatch(/^HTTP\/1.1 500 /)
  })

  it('comes with Connection: close if the request was not read, or if it fails again', () => {
    const upload = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab'
    expect(Stage.open(() => { throw failure }).receive(upload).text).toContain('Connection: close')
    const again = Stage.open(reqd => {
      reqd.reportExn(failure)
      reqd.reportExn(new Error('again'))
    }, { errorHandler: () => undefined }).receive(get('/'))
    expect(again.text).toContain('Connection: close')
    expect(again.transport.hasEnded).toBe(true)
    expect(again.errors).toHaveLength(2)
  })

  it('is refused if it is not that of an error', () => {
    expect(() => new HttpError(200)).toThrow('200 is no error status')
  })
})
