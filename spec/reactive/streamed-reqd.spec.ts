/**
 * A request as its handler sees it: its fields, URL, body and signals, and the hand-over of its connection.
 */
import { describe, expect, it } from '@jest/globals'
import { Observable, type Subject } from 'rxjs'
import { RemoteProtocolError } from '../../lib/errors.js'
import { Headers } from '../../lib/message/headers.js'
import { Version } from '../../lib/message/version.js'
import type { Reqd, UpgradeListener } from '../../lib/reactive/streamed-reqd.js'
import { TestSocket } from '../../lib/testing/test-socket.js'
import { Stage } from '../helpers/fake-transport.js'
import { get, head, post } from '../helpers/runtime.js'
import { latin1 } from '../helpers/splits.js'
import { log } from './peer-body.js'

/** The request of a head, and its connection. */
function arriving(text: string): { readonly stage: Stage; readonly reqd: Reqd } {
  const reqds: Reqd[] = []
  const stage = Stage.open(reqd => { reqds.push(reqd) })
  stage.receive(text)
  return { stage, reqd: reqds[0] }
}

function urlOf(text: string): string {
  return arriving(text).reqd.url.href
}

describe('a request', () => {
  it('has the method, target, version, fields and address', () => {
    const { reqd } = arriving(get('/a?b=c', 'X-A: b'))
    expect(reqd).toMatchObject({ method: 'GET', target: '/a?b=c', version: Version.HTTP_1_1, remoteAddress: 'a fake' })
    expect(reqd.headers.get('x-a')).toBe('b')
    expect(reqd.isWaiting).toBe(true)
    expect(reqd.response).toBeNull()
  })

  it('has one body object, which can be read', () => {
    const { reqd } = arriving(post('text'))
    expect(reqd.body).toBe(reqd.body)
    expect(log(reqd.body.text())).toEqual(['text', 'complete'])
  })

  it('refuses a body with an announced length over the limit without reading it', () => {
    const { stage, reqd } = arriving(head('POST / HTTP/1.1', 'Content-Length: 70000, 70000'))
    expect(log(reqd.body.bytes(10))).toMatchObject([{ error: { code: 'contentTooLarge' } }])
    expect(stage.transport.isPaused).toBe(true)
  })

  it('accepts a list of equal Content-Lengths', () => {
    const { stage, reqd } = arriving(head('POST / HTTP/1.1', 'Content-Length: 4, 4'))
    const text = log(reqd.body.text())
    stage.receive('te')
    stage.receive('xt')
    expect(text).toEqual(['text', 'complete'])
  })
})

describe('the URL of a request', () => {
  it.each([
    ['a path', get('/a/b?c=d'), 'http://a/a/b?c=d'],
    ['a path and a Host with a port', get('/', 'Host: example.com:8080'), 'http://example.com:8080/'],
    ['a path that begins with two slashes', get('//b/c'), 'http://a//b/c'],
    ['a whole URL', get('http://other/x', 'Host: a'), 'http://other/x'],
    ['a path with dot segments', get('/a/%2e%2E/.%2e/b%2f%5c/./c'), 'http://a/b%2f%5c/c'],
    ['a query with characters that browsers do not encode', get('/?a\\b|^`{}'), 'http://a/?a\\b|^`{}'],
    ['an asterisk', head('OPTIONS * HTTP/1.1'), 'http://a/'],
    ['the authority of a CONNECT', head('CONNECT b:443 HTTP/1.1'), 'http://b:443/'],
    ['a path without a host', 'GET /a HTTP/1.0\r\n\r\n', 'http://localhost/a'],
    ['a path with an empty host', get('/path', 'Host:'), 'http://localhost/path'],
  ])('is built from %s', (_, text, expected) => {
    expect(urlOf(text)).toBe(expected)
  })

  it('has the scheme https if the transport encrypts', () => {
    const stage = new Stage(reqd => ({ body: reqd.url.href }))
    Object.assign(stage.connection, { isEncrypted: true })
    stage.connection.start()
    expect(stage.receive(get('/')).text).toContain('https://a/')
  })

  it('throws a protocol error if it is invalid, which is answered with 400', () => {
    const { reqd } = arriving(get('/', 'Host: a:99999'))
    expect(() => reqd.url).toThrow(RemoteProtocolError)
    const stage = Stage.open(({ url }) => ({ body: url.href })).receive(get('/', 'Host: a:99999'))
    expect(stage.text).toMatch(/^HTTP\/1.1 400 /)
  })
})

describe('a request whose client leaves', () => {
  const GONE: [string, (stage: Stage) => void][] = [
    ['by a reset', stage => { stage.transport.breakDown() }],
    ['when its connection is cut', stage => { stage.connection.cut() }],
    ['by a malformed body', stage => { stage.receive('x') }],
  ]

  it.each(GONE)('%s aborts its signal once', (_, happens) => {
    const { stage, reqd } = arriving(head('POST / HTTP/1.1', 'Transfer-Encoding: chunked'))
    let aborted = 0
    log(reqd.body.bytes$)
    reqd.signal.addEventListener('abort', () => { aborted++ })
    const abortions = log(reqd.aborted$)
    expect(abortions).toEqual([])
    happens(stage)
    stage.connection.cut()
    expect(aborted).toBe(1)
    expect(abortions).toEqual([undefined, 'complete'])
    expect(log(reqd.aborted$)).toEqual([undefined, 'complete'])
  })

  it('has an aborted signal, even if it is first read afterwards', () => {
    const { stage, reqd } = arriving(get('/'))
    stage.transport.breakDown()
    expect(reqd.signal.aborted).toBe(true)
    expect(reqd.signal).toBe(reqd.signal)
    expect(log(reqd.aborted$)).toEqual([undefined, 'complete'])
  })

  it('ignores responses and reports', () => {
    const { stage, reqd } = arriving(get('/'))
    stage.transport.breakDown()
    reqd.respond({ body: 'text' })
    reqd.respond({ body: ['more'], trailers: { 'X-A': 'b' } })
    reqd.reportExn(new Error('late'))
    expect(stage).toMatchObject({ text: '', closed: 1 })
  })

  it('after its response does not abort its signal', () => {
    const { stage, reqd } = arriving(get('/'))
    const abortions = log(reqd.aborted$)
    const { signal } = reqd
    reqd.respond({})
    stage.settle()
    expect(abortions).toEqual(['complete'])
    stage.transport.breakDown()
    expect(signal.aborted).toBe(false)
    expect(log(reqd.aborted$)).toEqual(['complete'])
  })
})

/** The subject that announces to subscribers that the connection is to close. */
function subjectOf(stage: Stage): Subject<void> {
  return (stage.connection as unknown as { closing: { subject: Subject<void> } }).closing.subject
}

describe('a request whose connection is to close', () => {
  it('emits `closing$`, to late subscribers as well', () => {
    const { stage, reqd } = arriving(get('/'))
    const before = log(reqd.closing$)
    expect(before).toEqual([])
    stage.connection.close()
    stage.connection.close()
    expect(before).toEqual([undefined, 'complete'])
    expect(log(reqd.closing$)).toEqual([undefined, 'complete'])
  })

  it('emits `closing$` to a first subscriber after the event', () => {
    const { stage, reqd } = arriving(get('/'))
    stage.connection.close()
    expect(log(reqd.closing$)).toEqual([undefined, 'complete'])
  })

  it('leaves no subscription on the connection when its response is complete', () => {
    const { stage, reqd } = arriving(get('/'))
    const heard = log(reqd.closing$)
    const subject = subjectOf(stage)
    const late = reqd.closing$
    expect(subject.observed).toBe(true)
    reqd.respond({ body: 'it' })
    expect(heard).toEqual(['complete'])
    expect(subject.observed).toBe(false)
    expect([log(late), log(reqd.closing$)]).toEqual([['complete'], ['complete']])
    stage.connection.close()
  })

  it('leaves no subscription of a body that uses `closing$`', () => {
    const stage = Stage.open(() => ({ body: (_, closing$) => new Observable(subscriber => {
      closing$.subscribe()
      subscriber.next('it')
      subscriber.complete()
    }) })).receive(get('/'))
    expect(subjectOf(stage).observed).toBe(false)
  })

  it('completes `closing$` without a value if the connection is cut', () => {
    const { stage, reqd } = arriving(get('/'))
    const closing = log(reqd.closing$)
    stage.connection.cut()
    expect(closing).toEqual(['complete'])
    const other = arriving(get('/'))
    other.stage.connection.cut()
    expect(log(other.reqd.closing$)).toEqual(['complete'])
  })
})

describe('a connection that is handed over', () => {
  const upgrade = get('/', 'Connection: upgrade', 'Upgrade: x')

  it.each([
    ['respondWithUpgrade', (reqd: Reqd, listener: UpgradeListener) => {
      reqd.respondWithUpgrade(Headers.of({ Upgrade: 'x', Connection: 'upgrade' }), listener)
    }, /^HTTP\/1.1 101 Switching Protocols\r\n[^]*\r\n\r\n$/],
    ['takeOver', (reqd: Reqd, listener: UpgradeListener) => { reqd.takeOver(listener) }, /^$/],
  ] as const)('by %s passes on the transport and the bytes behind the request', (_, handOver, output) => {
    const given: [unknown, string][] = []
    const stage = Stage.open(reqd => {
      handOver(reqd, (transport, bytes) => { given.push([transport, Buffer.from(bytes).toString()]) })
    })
    stage.receive(`${upgrade}behind`)
    expect(given).toEqual([[expect.any(TestSocket), 'behind']])
    expect(stage.text).toMatch(output)
    expect(stage.transport).toMatchObject({ listeners: 0, closed: null, hasEnded: false })
    expect(stage.hasTimer).toBe(false)
    expect(stage.closed).toBe(0)
    stage.transport.destroy(false)
    expect(stage.closed).toBe(1)
  })

  it('is passed on when its head is written, and not before', () => {
    let given = 0
    const stage = new Stage(reqd => {
      reqd.respondWithUpgrade(Headers.of({ Upgrade: 'x' }), () => { given++ })
    })
    stage.transport.capacity = 10
    stage.connection.start()
    stage.receive(upgrade)
    expect(given).toBe(0)
    stage.take(1000)
    expect(given).toBe(1)
  })

  it('counts as open until its transport is closed, emits `closing$`, and can be cut', () => {
    const reqds: Reqd[] = []
    const stage = Stage.open(reqd => {
      reqds.push(reqd)
      reqd.takeOver(() => undefined)
    }).receive(upgrade)
    const closing = log(reqds[0].closing$)
    stage.connection.close()
    expect(closing).toEqual([undefined, 'complete'])
    expect(stage.closed).toBe(0)
    stage.connection.cut()
    stage.connection.cut()
    expect(stage).toMatchObject({ closed: 1, transport: { closed: 'reset' } })
  })

  it('is cut if its new owner throws', () => {
    const failure = new Error('new owner')
    const stage = Stage.open(reqd => { reqd.takeOver(() => { throw failure }) }).receive(upgrade)
    expect(stage).toMatchObject({ errors: [failure], closed: 1, transport: { closed: 'reset' } })
  })

  it('is not passed on if the client has left', () => {
    const { stage, reqd } = arriving(upgrade)
    stage.transport.breakDown()
    reqd.takeOver(() => { throw new Error('not called') })
    expect(stage).toMatchObject({ errors: [], closed: 1 })
  })
})

describe('bytes that are lent', () => {
  it('are not used after their read, neither by handlers nor by the parser', () => {
    const texts: string[] = []
    const stage = new Stage(reqd => {
      reqd.body.bytes$.subscribe({
        next: chunk => { texts.push(Buffer.from(chunk).toString()) },
        complete: () => { reqd.respond({ body: reqd.target }) },
      })
    })
    stage.transport.ownership = 'lent'
    stage.connection.start()
    const [first, second] = [latin1(post('abc')), latin1(post('def').replace('/ ', '/x '))]
    const all = Buffer.concat([first, second])
    for (let at = 0; at < all.length; at += 7) stage.receive(Buffer.from(all.subarray(at, at + 7)))
    expect(texts.join('')).toBe('abcdef')
    expect(stage.text).toMatch(/\r\n\/HTTP\/1.1 200 OK[^]*\/x$/)
  })
})
