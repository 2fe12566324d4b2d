/**
 * A request, as its handler sees it.
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
  it('says what was asked for', () => {
    const { reqd } = arriving(get('/a?b=c', 'X-A: b'))
    expect(reqd).toMatchObject({ method: 'GET', target: '/a?b=c', version: Version.HTTP_1_1, remoteAddress: 'a fake' })
    expect(reqd.headers.get('x-a')).toBe('b')
    expect(reqd.isWaiting).toBe(true)
    expect(reqd.response).toBeNull()
  })

  it('has one body, made when it is asked for', () => {
    const { reqd } = arriving(post('text'))
    expect(reqd.body).toBe(reqd.body)
    expect(log(reqd.body.text())).toEqual(['text', 'complete'])
  })

  it('knows the length of its body, if it was announced, so that a body that is too long is not read', () => {
    const { stage, reqd } = arriving(head('POST / HTTP/1.1', 'Content-Length: 70000, 70000'))
    expect(log(reqd.body.bytes(10))).toMatchObject([{ error: { code: 'contentTooLarge' } }])
    expect(stage.transport.isPaused).toBe(true)
  })

  it('takes a list of equal lengths for one', () => {
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
    ['a path of the host that was asked', get('/', 'Host: example.com:8080'), 'http://example.com:8080/'],
    ['a path that begins with two slashes', get('//b/c'), 'http://a//b/c'],
    ['a whole URL', get('http://other/x', 'Host: a'), 'http://other/x'],
    ['a path with dot segments', get('/a/%2e%2E/.%2e/b%2f%5c/./c'), 'http://a/b%2f%5c/c'],
    ['a query with what browsers do not encode', get('/?a\\b|^`{}'), 'http://a/?a\\b|^`{}'],
    ['the server', head('OPTIONS * HTTP/1.1'), 'http://a/'],
    ['a tunnel', head('CONNECT b:443 HTTP/1.1'), 'http://b:443/'],
    ['a path without a host', 'GET /a HTTP/1.0\r\n\r\n', 'http://localhost/a'],
    ['a path with an empty host', get('/path', 'Host:'), 'http://localhost/path'],
  ])('is that of %s', (_, text, expected) => {
    expect(urlOf(text)).toBe(expected)
  })

  it('is https where the transport encrypts', () => {
    const stage = new Stage(reqd => ({ body: reqd.url.href }))
    Object.assign(stage.connection, { isEncrypted: true })
    stage.connection.start()
    expect(stage.receive(get('/')).text).toContain('https://a/')
  })

  it('is the client\'s fault where there is none', () => {
    const { reqd } = arriving(get('/', 'Host: a:99999'))
    expect(() => reqd.url).toThrow(RemoteProtocolError)
    const stage = Stage.open(({ url }) => ({ body: url.href })).receive(get('/', 'Host: a:99999'))
    expect(stage.text).toMatch(/^HTTP\/1.1 400 /)
  })
})

describe('a request whose client goes away', () => {
  const GONE: [string, (stage: Stage) => void][] = [
    ['by a reset', stage => { stage.transport.breakDown() }],
    ['as its connection is cut', stage => { stage.connection.cut() }],
    ['as its body breaks the protocol', stage => { stage.receive('x') }],
  ]

  it.each(GONE)('%s, aborts its signal, once', (_, happens) => {
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

  it('has a signal that is aborted, also if it is asked for afterwards', () => {
    const { stage, reqd } = arriving(get('/'))
    stage.transport.breakDown()
    expect(reqd.signal.aborted).toBe(true)
    expect(reqd.signal).toBe(reqd.signal)
    expect(log(reqd.aborted$)).toEqual([undefined, 'complete'])
  })

  it('answers into nothing', () => {
    const { stage, reqd } = arriving(get('/'))
    stage.transport.breakDown()
    reqd.respond({ body: 'text' })
    reqd.respond({ body: ['more'], trailers: { 'X-A': 'b' } })
    reqd.reportExn(new Error('late'))
    expect(stage).toMatchObject({ text: '', closed: 1 })
  })

  it('after its response does not abort', () => {
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

/** The notice to subscribers that the connection is to close. */
function subjectOf(stage: Stage): Subject<void> {
  return (stage.connection as unknown as { closing: { subject: Subject<void> } }).closing.subject
}

describe('a request whose connection is to close', () => {
  it('hears of it, at once or later', () => {
    const { stage, reqd } = arriving(get('/'))
    const before = log(reqd.closing$)
    expect(before).toEqual([])
    stage.connection.close()
    stage.connection.close()
    expect(before).toEqual([undefined, 'complete'])
    expect(log(reqd.closing$)).toEqual([undefined, 'complete'])
  })

  it('reports it also to the first listener after it', () => {
    const { stage, reqd } = arriving(get('/'))
    stage.connection.close()
    expect(log(reqd.closing$)).toEqual([undefined, 'complete'])
  })

  it('leaves nothing at the connection when its response is complete', () => {
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

  it('leaves nothing there either by a body that is told of it', () => {
    const stage = Stage.open(() => ({ body: (_, closing$) => new Observable(subscriber => {
      closing$.subscribe()
      subscriber.next('it')
      subscriber.complete()
    }) })).receive(get('/'))
    expect(subjectOf(stage).observed).toBe(false)
  })

  it('does not hear of it where the connection ends in another way', () => {
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
  ] as const)('by %s gives the transport, and the bytes behind the request', (_, handOver, output) => {
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

  it('is given when its head is on the wire, and not before', () => {
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

  it('is counted until its transport is closed, told of the end, and cut then', () => {
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

  it('is cut where its new owner fails', () => {
    const failure = new Error('new owner')
    const stage = Stage.open(reqd => { reqd.takeOver(() => { throw failure }) }).receive(upgrade)
    expect(stage).toMatchObject({ errors: [failure], closed: 1, transport: { closed: 'reset' } })
  })

  it('can have been asked for by a client that is gone', () => {
    const stage = Stage.open(() => undefined)
    const reqds: Reqd[] = []
    const other = Stage.open(reqd => { reqds.push(reqd) }).receive(upgrade)
    other.transport.breakDown()
    reqds[0].takeOver(() => { throw new Error('not called') })
    expect(other.errors).toEqual([])
    expect(stage.closed).toBe(0)
  })
})

describe('bytes that are lent', () => {
  it('are not seen after their read: neither by handlers nor by what comes next', () => {
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
