/**
 * A connection: its requests, its events, its end, and its errors.
 */
import { describe, expect, it } from '@jest/globals'
import { Subject } from 'rxjs'
import { Headers } from '../../lib/message/headers.js'
import type { Reqd } from '../../lib/reactive/streamed-reqd.js'
import type { ConnectionEvent } from '../../lib/runtime/events.js'
import { Stage } from '../helpers/fake-transport.js'
import { get, head, post } from '../helpers/runtime.js'
import { log } from './peer-body.js'

/** Logs the events of a stage in short form. */
function watched(stage: Stage): string[] {
  const seen: string[] = []
  stage.connection.events$.subscribe({
    next: event => { seen.push(inShort(event)) },
    complete: () => { seen.push('complete') },
  })
  return seen
}

function inShort(event: ConnectionEvent): string {
  switch (event.type) {
    case 'open': return `open ${event.remoteAddress}`
    case 'bytesIn': return `in ${event.count} ${event.bytes.length}`
    case 'bytesOut': return `out ${event.count > 0}`
    case 'request': return `request ${event.request.target}`
    case 'response': return `response ${event.response?.status ?? 'none'} ${event.result}`
    case 'error': return `error ${String(event.error)}`
    case 'timeout': return `timeout ${event.limit}`
    default: return event.type
  }
}

describe('requests$', () => {
  it('emits the requests, one at a time, and completes with the connection', () => {
    const stage = new Stage(null)
    const seen: string[] = []
    stage.connection.requests$.subscribe({
      next: reqd => {
        seen.push(reqd.target)
        reqd.respond({ body: reqd.target })
      },
      complete: () => { seen.push('complete') },
    })
    stage.receive(get('/1') + get('/2', 'Connection: close'))
    expect(seen).toEqual(['/1', '/2'])
    stage.transport.endInput()
    expect(seen).toEqual(['/1', '/2', 'complete'])
    expect(log(stage.connection.requests$)).toEqual(['complete'])
  })

  it('does not read before it is subscribed, and closes the connection when it is unsubscribed', () => {
    const stage = new Stage(null)
    expect(stage.transport.listeners).toBe(0)
    const { requests$ } = stage.connection
    expect(stage.transport.listeners).toBe(0)
    const subscription = requests$.subscribe()
    expect(stage.transport.listeners).toBe(1)
    subscription.unsubscribe()
    expect(stage.transport.hasEnded).toBe(true)
  })

  it('closes the connection after the last unsubscription, once the current request is answered', () => {
    const stage = new Stage(null)
    const reqds: Reqd[] = []
    const first = stage.connection.requests$.subscribe(reqd => { reqds.push(reqd) })
    const second = stage.connection.requests$.subscribe()
    stage.receive(get('/'))
    second.unsubscribe()
    expect(stage.transport.hasEnded).toBe(false)
    first.unsubscribe()
    expect(stage.transport.hasEnded).toBe(false)
    reqds[0].respond({ body: 'last' })
    expect(stage.settle().text).toMatch(/Connection: close\r\n\r\nlast$/)
    expect(stage.transport.hasEnded).toBe(true)
  })

  it('only observes if there is a handler', () => {
    const stage = Stage.open(() => ({ body: 'it' }))
    const seen: string[] = []
    const subscription = stage.connection.requests$.subscribe(reqd => { seen.push(reqd.target) })
    stage.receive(get('/1'))
    subscription.unsubscribe()
    stage.receive(get('/2'))
    expect(seen).toEqual(['/1'])
    expect(stage.text.match(/200 OK/g)).toHaveLength(2)
    expect(stage.transport.hasEnded).toBe(false)
  })
})

describe('events$', () => {
  it('reports everything in order', () => {
    const stage = new Stage(() => ({ body: 'it' }))
    const events = watched(stage)
    stage.connection.start()
    stage.connection.start()
    stage.receive(get('/1').slice(0, 10)).receive(get('/1').slice(10))
    stage.receive(get('/2', 'Connection: close'))
    stage.transport.endInput()
    expect(events).toEqual([
      'open a fake', 'writerYield',
      'in 10 10',
      'in 18 18', 'request /1', 'response 200 done', 'writerResume', 'out true', 'writerYield',
      'in 47 47', 'request /2', 'response 200 done', 'writerResume', 'out true',
      'inputEnd', 'close', 'complete',
    ])
  })

  it('reports backpressure', () => {
    const stage = new Stage(reqd => ({ body: reqd.body }))
    stage.transport.capacity = 0
    stage.connection.start()
    const events = watched(stage)
    stage.receive(head('POST / HTTP/1.1', 'Content-Length: 200000'))
    stage.receive(new Uint8Array(100_000)).receive(new Uint8Array(1000))
    expect(events).toEqual(expect.arrayContaining(['readerYield', 'pause']))
  })

  it('reports a failure before the end that it causes', () => {
    const stage = Stage.open(() => undefined).receive(get('/'))
    const events = watched(stage)
    stage.transport.breakDown()
    const failure = 'error ConnectionResetError: the client reset the connection'
    expect(events).toEqual([failure, 'response none aborted', 'close', 'complete'])
  })

  it('reports no failure if the client leaves between two requests', () => {
    const stage = Stage.open(() => ({ body: 'it' })).receive(get('/'))
    const events = watched(stage)
    stage.transport.breakDown()
    expect(events).toEqual(['close', 'complete'])
  })

  it('reports protocol errors, exceptions of handlers, and timeouts', () => {
    const bad = Stage.open(() => undefined)
    const badEvents = watched(bad)
    bad.receive('?\r\n\r\n')
    expect(badEvents).toContainEqual(expect.stringMatching(/^error RemoteProtocolError/))
    expect(bad.errors).toMatchObject([{ code: 'badMethod' }])
    const throwing = Stage.open(() => { throw new Error('thrown') })
    const thrown = watched(throwing)
    throwing.receive(get('/'))
    expect(thrown).toContain('error Error: thrown')
    const slow = Stage.open(() => undefined)
    const late = watched(slow)
    slow.receive('GET').pass(70_000)
    expect(late).toContain('timeout headersTimeout')
    expect(late).toContainEqual(expect.stringMatching(/^error RemoteProtocolError/))
  })

  it('reports upgrades', () => {
    const stage = Stage.open(reqd => { reqd.takeOver(() => undefined) })
    const events = watched(stage)
    stage.receive(get('/', 'Connection: upgrade', 'Upgrade: x'))
    stage.transport.destroy(false)
    expect(events.slice(-4)).toEqual(['upgrade', 'response none done', 'close', 'complete'])
  })

  it('includes the connection and the time in each event', () => {
    const stage = Stage.open(() => undefined).pass(1500)
    const events = log(stage.connection.events$)
    stage.receive('G')
    expect(events).toMatchObject([{ type: 'bytesIn', connection: 1, time: 1500 }])
  })

  it('also reaches subscribers of the server', () => {
    const stage = new Stage(() => ({ body: 'it' }))
    const all = new Subject<ConnectionEvent>()
    stage.context.events = all
    const types: string[] = []
    all.subscribe(({ type }) => { types.push(type) })
    stage.connection.start()
    stage.receive(get('/'))
    expect(types).toEqual(expect.arrayContaining(['open', 'request', 'response']))
  })

  it('creates no event without a subscriber', () => {
    const stage = new Stage(() => ({ body: 'it' }))
    let asked = 0
    const { connection } = stage
    connection.events$.subscribe().unsubscribe()
    const { emit } = connection
    connection.emit = detail => {
      asked++
      emit.call(connection, detail)
    }
    connection.start()
    stage.receive(get('/') + post('x') + '?\r\n').pass(100_000)
    expect(asked).toBe(0)
  })

  it('completes at once if the connection is closed', () => {
    const stage = Stage.open(() => undefined)
    stage.connection.cut()
    expect(log(stage.connection.events$)).toEqual(['complete'])
  })
})

describe('closing a connection', () => {
  it('ends an idle one at once', () => {
    const stage = Stage.open(() => ({ body: 'it' })).receive(get('/'))
    stage.connection.close()
    expect(stage.settle().transport.hasEnded).toBe(true)
    stage.transport.endInput()
    expect(stage).toMatchObject({ closed: 1, transport: { closed: 'closed', listeners: 0 } })
    stage.connection.close()
    expect(stage.closed).toBe(1)
  })

  it('ends one that was never read', () => {
    const stage = new Stage(null)
    stage.connection.close()
    expect(stage).toMatchObject({ closed: 1, transport: { closed: 'closed', listeners: 0 } })
    expect(log(stage.connection.requests$)).toEqual(['complete'])
    expect(stage.transport.listeners).toBe(0)
  })

  it('answers the request in flight first, and drops those behind it', () => {
    const reqds: Reqd[] = []
    const stage = Stage.open(reqd => { reqds.push(reqd) }).receive(get('/1') + get('/2'))
    stage.connection.close()
    reqds[0].respond({ body: 'first' })
    expect(stage.settle().text).toMatch(/Connection: close\r\n\r\nfirst$/)
    expect(reqds).toHaveLength(1)
    expect(stage.transport.hasEnded).toBe(true)
  })

  it('is announced by the last response that maxRequestsPerSocket allows', () => {
    const stage = Stage.open(() => ({ body: 'it' }), { maxRequestsPerSocket: 2 }).receive(get('/').repeat(3))
    expect(stage.text.match(/200 OK/g)).toHaveLength(2)
    expect(stage.text.match(/Connection: close/g)).toHaveLength(1)
    expect(stage.transport.hasEnded).toBe(true)
  })
})

describe('errors', () => {
  it('are answered by the given error handler', () => {
    const stage = Stage.open(() => { throw new Error('thrown') }, {
      errorHandler: (error, startResponse, request) => {
        const body = startResponse(Headers.of({ 'X-Error': 'yes' }))
        body.writeString(`${String(error)} of ${request?.target ?? ''}`)
        body.close()
      },
    }).receive(get('/'))
    expect(stage.text).toContain('X-Error: yes')
    expect(stage.text).toContain('Error: thrown of /')
  })

  it('of callbacks are reported and answered with 500', () => {
    const failure = new Error('in a callback')
    const stage = Stage.open(reqd => {
      reqd.requestBody.scheduleRead({ onRead: () => { throw failure }, onEof: () => undefined })
    }).receive(post('x'))
    expect(stage.errors).toEqual([failure])
    expect(stage.text).toMatch(/^HTTP\/1.1 500 /)
  })

  it('of callbacks at the end of a connection are reported, too', () => {
    const failure = new Error('in a callback')
    const stage = Stage.open(reqd => {
      const onError = (): void => { throw failure }
      reqd.requestBody.scheduleRead({ onRead: () => undefined, onEof: () => undefined, onError })
    }).receive(head('POST / HTTP/1.1', 'Content-Length: 5'))
    stage.connection.cut()
    expect(stage.errors).toEqual([failure])
  })
})
