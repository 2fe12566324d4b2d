/**
 * The subject to which a handler writes the body of a streamed response.
 */
import { describe, expect, it } from '@jest/globals'
import { of, type Observable, type Observer } from 'rxjs'
import type { Chunk } from '../../../lib/demand/chunk.js'
import { Headers } from '../../../lib/message/headers.js'
import { Response } from '../../../lib/message/response.js'
import type { ConnectionOptions } from '../../../lib/reactive/connection-options.js'
import type { BodySubject } from '../../../lib/reactive/response-body/body-subject.js'
import { Stage } from '../../helpers/fake-transport.js'
import { get } from '../../helpers/runtime.js'
import { log } from '../peer-body.js'

interface Scene {
  readonly stage: Stage
  readonly subject: BodySubject
}

function streaming(options?: ConnectionOptions, request = get('/'), response = Response.create(200)): Scene {
  const subjects: BodySubject[] = []
  const stage = Stage.open(reqd => { subjects.push(reqd.respondWithStreaming(response)) }, options)
  stage.receive(request)
  return { stage, subject: subjects[0] }
}

describe('a body', () => {
  it('is sent as it is written, with the head before the first chunk', () => {
    const { stage, subject } = streaming()
    expect(stage.text).toBe('')
    expect(subject.write('a')).toBe(true)
    subject.next(Buffer.from('bc'))
    stage.settle()
    expect(stage.text).toMatch(/^HTTP\/1.1 200 OK[^]*1\r\na\r\n2\r\nbc\r\n$/)
    expect(stage.transport.writes).toBe(1)
    subject.complete()
    expect(stage.settle().text).toMatch(/bc\r\n0\r\n\r\n$/)
  })

  it('sends its head at once with flushHeadersImmediately', () => {
    const stage = Stage.open(reqd => {
      reqd.respondWithStreaming(Response.create(200), { flushHeadersImmediately: true })
    }).receive(get('/'))
    expect(stage.text).toMatch(/^HTTP\/1.1 200 OK[^]*\r\n\r\n$/)
  })

  it('reports done when everything is written', () => {
    const { stage, subject } = streaming()
    const before = log(subject.closed$)
    stage.transport.capacity = 0
    subject.next('all')
    subject.complete()
    stage.settle()
    expect(before).toEqual([])
    stage.take(1000)
    expect(before).toEqual(['done', 'complete'])
    expect(log(subject.closed$)).toEqual(['done', 'complete'])
    expect(subject.isClosed).toBe(true)
    expect(subject.write('more')).toBe(false)
  })

  it.each<[string, (scene: Scene) => void]>([
    ['the client leaves', ({ stage }) => { stage.transport.breakDown() }],
    ['a write fails', ({ stage }) => { stage.transport.failWrite(new Error('EPIPE')) }],
    ['the connection is cut', ({ stage }) => { stage.connection.cut() }],
    ['the body fails', ({ subject }) => { subject.error(new Error('failed')) }],
    ['writeTimeout is over', ({ stage }) => { stage.pass(310_000) }],
  ])('reports aborted when %s', (_, happens) => {
    const scene = streaming()
    const { stage, subject } = scene
    const ends = log(subject.closed$)
    const ready = log(subject.ready$)
    stage.transport.capacity = 10
    subject.next('some')
    stage.settle()
    happens(scene)
    stage.settle().take(1000)
    expect(ends).toEqual(['aborted', 'complete'])
    expect(ready.at(-1)).toBe('complete')
    expect(subject.write('more')).toBe(false)
    subject.complete()
    subject.error(new Error('late'))
    expect(log(subject.closed$)).toEqual(['aborted', 'complete'])
  })

  it('reports aborted if the end is queued and never written', () => {
    const { stage, subject } = streaming()
    stage.transport.capacity = 0
    subject.next('all')
    subject.complete()
    stage.settle()
    stage.transport.breakDown()
    expect(log(subject.closed$)).toEqual(['aborted', 'complete'])
  })

  it('emits the available room again when the client takes the output', () => {
    const { stage, subject } = streaming({ highWaterMark: 1000, lowWaterMark: 100 })
    const ready = log(subject.ready$)
    expect(ready).toEqual([1000])
    stage.transport.capacity = 0
    expect(subject.write('x'.repeat(2000))).toBe(false)
    stage.settle()
    stage.take(50)
    expect(ready).toHaveLength(1)
    stage.take(Infinity)
    expect(ready).toEqual([1000, 1000])
  })

  it.each([
    ['HEAD', head => head.replace('GET', 'HEAD'), 200], ['204', head => head, 204], ['304', head => head, 304],
  ] as [string, (head: string) => string, number][])('is not sent with %s', (_, request, status) => {
    const { stage, subject } = streaming({}, request(get('/')), Response.create(status))
    expect(subject.isBodiless).toBe(true)
    expect(subject.write('not seen')).toBe(true)
    subject.complete()
    const { text } = stage.settle()
    expect(text.indexOf('\r\n\r\n')).toBe(text.length - 4)
    expect(log(subject.closed$)).toEqual(['done', 'complete'])
  })

  it('is not sent if the client has left', () => {
    const subjects: BodySubject[] = []
    const stage = Stage.open(reqd => {
      stage.transport.breakDown()
      subjects.push(reqd.respondWithStreaming(Response.create(200)))
    })
    stage.receive(get('/'))
    expect(log(subjects[0].closed$)).toEqual(['aborted', 'complete'])
    expect(subjects[0].write('nothing')).toBe(false)
    expect(stage.errors).toEqual([])
  })

  it('refuses what is neither bytes nor text', () => {
    const { subject } = streaming()
    expect(() => subject.write(5 as never)).toThrow(TypeError)
  })

  it('copies small chunks, which may then be reused, and sends large ones without a copy', () => {
    const { stage, subject } = streaming()
    const small = Buffer.from('small')
    const large = Buffer.alloc(4000, 'l')
    subject.next(small)
    subject.next(large)
    small.fill('?')
    large.fill('L')
    expect(stage.settle().text).toContain('small')
    expect(stage.text).toContain('L'.repeat(4000))
  })

  it('is cut if its handler writes more than 1 MiB beyond the high-water mark', () => {
    const { stage, subject } = streaming({ highWaterMark: 1000 })
    stage.transport.capacity = 0
    const ends = log(subject.closed$)
    subject.next('x'.repeat(2000))
    for (let count = 0; count < 1024; count++) expect(subject.write('y'.repeat(1024))).toBe(false)
    expect(stage.errors).toEqual([])
    expect(subject.write('z')).toBe(false)
    expect(stage.errors).toMatchObject([{ name: 'BackpressureError', code: 'overflow' }])
    expect(ends).toEqual(['aborted', 'complete'])
    expect(subject.isClosed).toBe(true)
  })

  it('is not cut if the transport takes what it is offered', () => {
    const { stage, subject } = streaming({ highWaterMark: 1000 })
    for (let count = 0; count < 10_000; count++) subject.write('y'.repeat(1024))
    subject.complete()
    while (stage.settle().later.length > 0) stage.turn()
    expect(stage.errors).toEqual([])
    expect(stage.text.slice(-20)).toMatch(/\r\n0\r\n\r\n$/)
  })

  it('has only pending bytes counted against its bound', () => {
    const { stage, subject } = streaming({ highWaterMark: 1000 })
    stage.transport.capacity = 0
    subject.next('x'.repeat(2000))
    for (let count = 0; count < 5000; count++) {
      subject.write('y'.repeat(1000))
      stage.settle()
      if (count > 500) stage.take(1100)
    }
    expect(stage.errors).toEqual([])
  })

  it('refuses more than its Content-Length, and less', () => {
    const response = Response.create(200, { headers: Headers.of({ 'Content-Length': 3 }) })
    const { stage, subject } = streaming({}, get('/'), response)
    expect(() => subject.write('abcd')).toThrow(expect.objectContaining({ code: 'bodyTooLong' }))
    subject.complete()
    expect(stage.settle().transport.hasEnded).toBe(true)
    expect(stage.errors).toMatchObject([{ code: 'bodyTooShort' }])
  })

  it.each<[string, Observable<unknown>, object]>([
    ['a value that is no chunk', of('abc', undefined), { name: 'TypeError' }],
    ['more than Content-Length', of('abc', 'd', 'e'), { code: 'bodyTooLong' }],
    ['less than Content-Length', of('ab'), { code: 'bodyTooShort' }],
  ])('fails, and is cut, if a source that it is subscribed to gives %s', (_, source$, error) => {
    const response = Response.create(200, { headers: Headers.of({ 'Content-Length': 3 }) })
    const { stage, subject } = streaming({}, get('/'), response)
    source$.subscribe(subject as Observer<unknown>)
    expect(stage.settle().transport.hasEnded).toBe(true)
    expect(stage.errors).toMatchObject([error])
    expect(subject.isClosed).toBe(true)
  })

  it('is refused with a high-water mark of 0', () => {
    const chunks: Chunk[] = []
    const stage = Stage.open(() => ({ body: chunks, highWaterMark: 0 })).receive(get('/'))
    expect(stage.text).toMatch(/^HTTP\/1.1 500 /)
    expect(stage.errors).toMatchObject([{ code: 'badRange' }])
  })
})
