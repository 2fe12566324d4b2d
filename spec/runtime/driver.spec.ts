/**
 * The life of a connection in time: its limits, its end in stages, and the release of all its resources.
 */
import { describe, expect, it } from '@jest/globals'
import { Subject } from 'rxjs'
import { HandlerTimeoutError } from '../../lib/errors.js'
import { Response } from '../../lib/message/response.js'
import type { ConnectionOptions } from '../../lib/reactive/connection-options.js'
import type { Handler } from '../../lib/reactive/streamed-reqd.js'
import { Stage } from '../helpers/fake-transport.js'
import { get, head } from '../helpers/runtime.js'

const silent: Handler = () => undefined
const hello: Handler = () => ({ body: 'hello' })
const endless: Handler = () => ({ body: (function* () { for (;;) yield 'x'.repeat(5000) })() })

interface Case {
  readonly handler: Handler
  readonly sent: string
  readonly options: ConnectionOptions
  /** The output that the client received. */
  readonly text: RegExp
  /** The end of the transport, and the last time at which it had not ended. */
  readonly end: 'closed' | 'reset' | null
  readonly capacity?: number
}

/** Each limit is 10 s; the clock ticks once a second. */
const LIMITS: Record<string, Case> = {
  'a client that says nothing': {
    handler: hello, sent: '', options: { headersTimeout: 10_000, lingerTimeout: 1 }, text: /^$/, end: 'closed',
  },
  'a head that does not end': {
    handler: hello, sent: 'GET / HTTP/1.1\r\n', options: { headersTimeout: 10_000 }, text: /^HTTP\/1.1 408 /, end: null,
  },
  'a body that does not end': {
    handler: reqd => void reqd.body.bytes$.subscribe({ error: () => undefined }),
    sent: head('POST / HTTP/1.1', 'Content-Length: 5'),
    options: { requestTimeout: 10_000 }, text: /^HTTP\/1.1 408 /, end: null,
  },
  'a client with nothing more to ask': {
    handler: hello, sent: get('/'), options: { keepAliveTimeout: 10_000, lingerTimeout: 1 }, text: /hello$/,
    end: 'closed',
  },
  'a client that does not read': {
    handler: endless, sent: get('/'), options: { writeTimeout: 10_000 }, text: /^HTTP\/1.1 200 /, end: 'reset',
    capacity: 100,
  },
  'a handler that does not answer': {
    handler: silent, sent: get('/'), options: { handlerTimeout: 10_000 }, text: /^HTTP\/1.1 503 /, end: null,
  },
}

describe.each(Object.entries(LIMITS))('%s', (_, { handler, sent, options, text, end, capacity = Infinity }) => {
  const open = (more: ConnectionOptions = {}): Stage => {
    const stage = new Stage(handler, { lingerTimeout: 60_000, ...options, ...more })
    stage.transport.capacity = capacity
    stage.connection.start()
    return sent === '' ? stage : stage.receive(sent)
  }

  it('ends after its limit, at most two ticks later', () => {
    const stage = open()
    const before = stage.pass(9_900).text
    expect(stage.transport).toMatchObject({ closed: null, hasEnded: false })
    stage.pass(4_100)
    expect(stage.text).toMatch(text)
    expect(stage.text.startsWith(before)).toBe(true)
    expect(stage.transport.closed).toBe(end)
    if (end === null) expect(stage.transport.hasEnded).toBe(true)
    else expect(stage).toMatchObject({ closed: 1 })
  })

  it('does not end without a limit', () => {
    const none = Object.fromEntries(Object.keys(options).map(name => [name, 0]))
    const stage = open({ requestTimeout: 0, ...none })
    stage.pass(1_000_000)
    expect(stage.transport).toMatchObject({ closed: null, hasEnded: false })
    stage.connection.cut()
  })
})

describe('a client that half-closes', () => {
  it('counts as gone at once', () => {
    const stage = Stage.open(silent).receive(get('/'))
    stage.transport.endInput()
    expect(stage).toMatchObject({ closed: 1, transport: { closed: 'closed' } })
  })

  it('still receives what is queued', () => {
    const stage = Stage.open(reqd => {
      reqd.respondWithStreaming(Response.create(200)).next('x'.repeat(100))
    })
    stage.transport.capacity = 10
    stage.receive(get('/'))
    stage.transport.endInput()
    expect(stage.transport.closed).toBeNull()
    stage.take(1000)
    expect(stage.text).toContain('x'.repeat(100))
    expect(stage).toMatchObject({ closed: 1, transport: { hasEnded: true, closed: 'closed' } })
  })

  it('still receives its response with allowHalfOpen', () => {
    const stage = Stage.open(reqd => {
      const subject = reqd.respondWithStreaming(Response.create(200))
      stage.time.schedule(function again(this: unknown) {
        subject.next('more')
        stage.time.schedule(again, 2000)
      }, 2000)
    }, { allowHalfOpen: true })
    stage.receive(get('/'))
    stage.transport.endInput()
    for (let second = 0; second < 30; second++) stage.pass(1000)
    expect(stage.transport.closed).toBeNull()
    stage.connection.cut()
  })
})

describe('a connection that is over', () => {
  it('closes after lingerTimeout, even if the client does nothing', () => {
    const stage = Stage.open(hello).receive(get('/', 'Connection: close'))
    expect(stage.transport).toMatchObject({ hasEnded: true, closed: null })
    stage.pass(5_000)
    expect(stage).toMatchObject({ closed: 1, transport: { closed: 'closed', destroyed: 1 } })
  })

  it('reports no failure if the client resets it after the last response', () => {
    const stage = Stage.open(hello).receive(get('/', 'Connection: close'))
    const types: string[] = []
    stage.connection.events$.subscribe(({ type }) => { types.push(type) })
    stage.transport.breakDown()
    expect(types).toEqual(['close'])
  })

  it('is reset if its end would make a response look complete', () => {
    const body = new Subject<string>()
    const stage = Stage.open(() => ({ body }))
    stage.transport.capacity = 0
    stage.receive('GET / HTTP/1.0\r\n\r\n')
    body.next('some')
    stage.take(10)
    body.error(new Error('no more'))
    stage.take(1000)
    expect(stage).toMatchObject({ closed: 1, transport: { closed: 'reset', hasEnded: false } })
  })

  it('has no timer and no subscription', () => {
    for (const end of [
      (stage: Stage) => { stage.transport.breakDown() },
      (stage: Stage) => { stage.connection.cut() },
      (stage: Stage) => { stage.pass(100_000) },
    ]) {
      const stage = Stage.open(hello).receive(get('/'))
      expect(stage.hasTimer).toBe(true)
      end(stage)
      stage.settle()
      expect(stage).toMatchObject({ closed: 1, transport: { listeners: 0, destroyed: 1 } })
      expect(stage.hasTimer).toBe(false)
    }
  })

  it('has no timer and no subscription if it was cut before it began', () => {
    const stage = new Stage(hello)
    stage.connection.cut()
    stage.connection.start()
    expect(stage).toMatchObject({ closed: 1, transport: { listeners: 0, destroyed: 1 } })
    expect(stage.hasTimer).toBe(false)
  })

  it('has reported the handler that took too long', () => {
    const stage = Stage.open(silent, { handlerTimeout: 1000 }).receive(get('/')).pass(5000)
    expect(stage.errors).toEqual([new HandlerTimeoutError()])
  })
})
