/**
 * Output on its way from a connection: which bytes leave in one write, and when a write has to wait.
 */
import { describe, expect, it } from '@jest/globals'
import { Response } from '../../lib/message/response.js'
import type { BodySource } from '../../lib/reactive/reply.js'
import type { BodySubject } from '../../lib/reactive/response-body/body-subject.js'
import type { Handler } from '../../lib/reactive/streamed-reqd.js'
import { Stage } from '../helpers/fake-transport.js'
import { get } from '../helpers/runtime.js'

const CHUNK = new Uint8Array(10_000)

function* endless(): Generator<Uint8Array> {
  for (;;) yield CHUNK
}

/** A stage with one response in progress. */
function streaming(): { readonly stage: Stage; readonly subject: BodySubject } {
  const subjects: BodySubject[] = []
  const handler: Handler = reqd => { subjects.push(reqd.respondWithStreaming(Response.create(200))) }
  return { stage: Stage.open(handler).receive(get('/')), subject: subjects[0] }
}

describe('output that is produced together', () => {
  it('leaves in one write: the responses to pipelined requests', () => {
    const stage = Stage.open(() => ({ body: 'it' })).receive(get('/').repeat(10))
    expect(stage.transport.writes).toBe(1)
    expect(stage.text.match(/200 OK/g)).toHaveLength(10)
  })

  it('leaves in one write: chunks of one event', () => {
    const { stage, subject } = streaming()
    for (const chunk of ['a', 'b', 'c']) subject.next(chunk)
    expect(stage.transport.writes).toBe(0)
    stage.settle()
    expect(stage.transport.writes).toBe(1)
    subject.next('d')
    subject.complete()
    stage.settle()
    expect(stage.transport.writes).toBe(2)
  })
})

describe('a transport that takes part of a write', () => {
  it('is offered no more until it has taken all', () => {
    const { stage, subject } = streaming()
    stage.transport.capacity = 0
    subject.next('first')
    stage.settle()
    subject.next('second')
    stage.settle()
    expect(stage.transport.writes).toBe(1)
    stage.take(50)
    expect(stage.transport.writes).toBe(1)
    stage.take(Infinity)
    expect(stage.transport.writes).toBe(2)
    expect(stage.text).toMatch(/5\r\nfirst\r\n6\r\nsecond\r\n$/)
  })

  it('ends the connection if it breaks within a write, even after the input ended', () => {
    const { stage, subject } = streaming()
    const ends: string[] = []
    subject.closed$.subscribe(end => { ends.push(end) })
    stage.transport.endInput()
    stage.transport.capacity = 0
    subject.next('first')
    stage.settle()
    stage.transport.failWrite(new Error('EPIPE'))
    expect(ends).toEqual(['aborted'])
    expect(stage).toMatchObject({ closed: 1, transport: { closed: 'closed', listeners: 0 } })
  })

  it('is no longer observed when the connection is over', () => {
    const { stage, subject } = streaming()
    stage.transport.capacity = 0
    subject.next('first')
    stage.settle()
    stage.connection.cut()
    stage.take(1000)
    expect(stage).toMatchObject({ closed: 1, transport: { writes: 1, closed: 'reset', destroyed: 1 } })
    subject.next('second')
    expect(stage.settle().transport.writes).toBe(1)
  })
})

describe('a connection that is cut within a write', () => {
  it.each([1, 300_000])('writes no more, although the transport took all: %i bytes', size => {
    const stage = Stage.open(() => ({ body: ['x'.repeat(size), 'y'] }))
    stage.transport.write = () => {
      stage.transport.writes++
      stage.connection.cut()
      return true
    }
    stage.receive(get('/')).turn()
    expect(stage).toMatchObject({ closed: 1, transport: { writes: 1, hasEnded: false, closed: 'reset', destroyed: 1 } })
    stage.connection.cut()
    expect(stage.closed).toBe(1)
  })
})

describe('an endless response to a client that takes everything', () => {
  it('gives other connections a turn', () => {
    const body: () => BodySource = endless
    const stage = Stage.open(() => ({ body: body() })).receive(get('/'))
    for (let turn = 1; turn < 5; turn++) {
      expect(stage.later).toHaveLength(1)
      expect(stage.text.length).toBeLessThan(turn * 400_000)
      stage.turn()
      expect(stage.text.length).toBeGreaterThan(turn * 256 * 1024)
    }
    stage.connection.cut()
    const { length } = stage.text
    expect(stage.turn().text).toHaveLength(length)
  })
})
