/**
 * Bytes on their way into a connection: when they are held, when they are dropped, and when the transport is paused.
 */
import { describe, expect, it } from '@jest/globals'
import type { ConnectionOptions } from '../../lib/reactive/connection-options.js'
import type { Handler, Reqd } from '../../lib/reactive/streamed-reqd.js'
import { Stage } from '../helpers/fake-transport.js'
import { get, head, post, postChunks } from '../helpers/runtime.js'

/** A stage whose requests wait for the test. */
function waiting(options?: ConnectionOptions): { readonly stage: Stage; readonly reqds: Reqd[] } {
  const reqds: Reqd[] = []
  return { stage: Stage.open(reqd => { reqds.push(reqd) }, options), reqds }
}

describe('while a request is handled', () => {
  it('further input is read and held, so that a client that leaves is noticed', () => {
    const { stage, reqds } = waiting({ readBufferSize: 1000 })
    stage.receive(get('/1') + get('/2')).receive(get('/3'))
    expect(reqds.map(({ target }) => target)).toEqual(['/1'])
    expect(stage.transport.isPaused).toBe(false)
    stage.transport.breakDown()
    expect(reqds[0].signal.aborted).toBe(true)
  })

  it('further input is held up to readBufferSize, then not read', () => {
    const { stage, reqds } = waiting({ readBufferSize: 1000 })
    stage.receive(get('/').repeat(20))
    expect(stage.transport.isPaused).toBe(false)
    stage.receive(get('/').repeat(30))
    expect(stage.transport.isPaused).toBe(true)
    for (let i = 0; i < 50; i++) {
      reqds[i].respond({})
      stage.settle()
    }
    expect(stage.transport.isPaused).toBe(false)
    expect(stage.text.match(/200 OK/g)).toHaveLength(50)
  })

  it('an unread body is held, so that the departure of its client is noticed', () => {
    const { stage, reqds } = waiting()
    stage.receive(post('12345').slice(0, -5)).receive('123')
    expect(stage.transport).toMatchObject({ isPaused: false, preferred: 'owned' })
    stage.receive('45')
    expect(stage.transport).toMatchObject({ isPaused: false, preferred: 'lent' })
    stage.transport.breakDown()
    expect(reqds[0].signal.aborted).toBe(true)
  })

  it('an unread body that announces more than readBufferSize is not received', () => {
    const { stage, reqds } = waiting({ readBufferSize: 10 })
    stage.receive(head('POST / HTTP/1.1', 'Content-Length: 10'))
    expect(stage.transport.isPaused).toBe(true)
    const texts: string[] = []
    reqds[0].body.bytes$.subscribe(chunk => { texts.push(Buffer.from(chunk).toString()) })
    stage.settle()
    expect(stage.transport).toMatchObject({ isPaused: false, preferred: 'owned' })
    stage.receive('12345').receive('67890')
    expect(texts).toEqual(['12345', '67890'])
    reqds[0].respond({})
    stage.settle()
    expect(stage.transport).toMatchObject({ isPaused: false, preferred: 'lent' })
  })

  it('an unread chunked body is held up to readBufferSize, then not received', () => {
    const { stage, reqds } = waiting({ readBufferSize: 20 })
    stage.receive(postChunks()).receive('3\r\none\r\n').receive('3\r\ntwo\r\n')
    expect(stage.transport.isPaused).toBe(false)
    stage.receive('5\r\nthree\r\n')
    expect(stage.transport.isPaused).toBe(true)
    const texts: string[] = []
    reqds[0].body.text().subscribe(text => { texts.push(text) })
    stage.settle()
    expect(stage.transport.isPaused).toBe(false)
    stage.receive('0\r\n\r\n')
    expect(texts).toEqual(['onetwothree'])
  })

  it('an unread chunk longer than readBufferSize is not received', () => {
    const { stage } = waiting({ readBufferSize: 16 })
    stage.receive(`${postChunks()}10\r\n`)
    expect(stage.transport.isPaused).toBe(true)
  })

  it('a body that came with its head is available at once', () => {
    const { stage, reqds } = waiting()
    stage.receive(post('all of it') + get('/next'))
    const texts: string[] = []
    reqds[0].body.text().subscribe(text => { texts.push(text) })
    expect(texts).toEqual(['all of it'])
    reqds[0].respond({})
    stage.settle()
    expect(reqds).toHaveLength(2)
  })
})

describe('while output is pending', () => {
  it('no further request is started beyond writeBufferSize', () => {
    const handler: Handler = () => ({ body: 'x'.repeat(600) })
    const stage = Stage.open(handler, { writeBufferSize: 1000 })
    stage.transport.capacity = 0
    stage.receive(get('/').repeat(5))
    stage.take(0)
    const { writes } = stage.transport
    expect(writes).toBe(1)
    stage.take(Infinity)
    expect(stage.text.match(/200 OK/g)).toHaveLength(5)
  })
})

describe('after the end of the input', () => {
  it('requests that were read before are answered with allowHalfOpen', () => {
    const { stage, reqds } = waiting({ allowHalfOpen: true })
    stage.receive(get('/1') + get('/2'))
    stage.transport.endInput()
    reqds[0].respond({ body: 'one' })
    stage.settle()
    reqds[1].respond({ body: 'two' })
    stage.settle()
    expect(stage.text).toMatch(/one[^]*Connection: close\r\n\r\ntwo$/)
    expect(stage).toMatchObject({ closed: 1, transport: { hasEnded: true, closed: 'closed', listeners: 0 } })
  })

  it('an idle connection closes', () => {
    const { stage } = waiting()
    stage.transport.endInput()
    expect(stage).toMatchObject({ closed: 1, text: '', transport: { closed: 'closed' } })
  })

  it('an incomplete head is answered with 400', () => {
    const { stage } = waiting()
    stage.receive('GET / HT')
    stage.transport.endInput()
    expect(stage.settle().text).toMatch(/^HTTP\/1.1 400 /)
    expect(stage.closed).toBe(1)
  })
})

describe('after the last response', () => {
  it('input is dropped until the client half-closes', () => {
    const stage = Stage.open(() => ({ body: 'last' })).receive(get('/', 'Connection: close'))
    expect(stage.transport).toMatchObject({ hasEnded: true, closed: null })
    stage.receive('x'.repeat(1000))
    expect(stage.transport).toMatchObject({ isPaused: false, closed: null })
    stage.transport.endInput()
    expect(stage).toMatchObject({ closed: 1, transport: { closed: 'closed' } })
  })

  it('input is dropped up to lingerBytes, then not read', () => {
    const stage = Stage.open(() => ({ body: 'last' }), { lingerBytes: 1000 }).receive(get('/', 'Connection: close'))
    stage.receive('x'.repeat(1000))
    expect(stage.transport.isPaused).toBe(false)
    stage.receive('x')
    expect(stage.transport.isPaused).toBe(true)
    stage.pass(5000)
    expect(stage).toMatchObject({ closed: 1, transport: { closed: 'closed' } })
  })

  it('held input is dropped as well', () => {
    const { stage, reqds } = waiting()
    stage.receive(get('/', 'Connection: close') + get('/').repeat(50))
    reqds[0].respond({})
    stage.settle()
    expect(stage.transport).toMatchObject({ hasEnded: true, isPaused: false })
    expect(reqds).toHaveLength(1)
  })
})
