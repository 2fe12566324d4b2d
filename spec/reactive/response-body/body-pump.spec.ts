/**
 * A request's body that is the body of the response: `{ body: reqd.body }`.
 */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { Ownership } from '../../../lib/buffer/ownership.js'
import type { Reply } from '../../../lib/reactive/reply.js'
import type { Reqd } from '../../../lib/reactive/streamed-reqd.js'
import { Stage } from '../../helpers/fake-transport.js'
import { parseResponses } from '../../helpers/response-parser.js'
import { head, post } from '../../helpers/runtime.js'

const echo = (reqd: Reqd): Reply => ({ body: reqd.body })
const upload = (length: number): string => head('POST / HTTP/1.1', `Content-Length: ${length}`)

const MARKS = { highWaterMark: 1_000, readBufferSize: 4_000 }

/** Pipelined requests whose bodies come back, and how they come and are taken: so many bytes at a time. */
const traffic = fc.record({
  ownership: fc.constantFrom<Ownership>('lent', 'owned'),
  bodies: fc.array(fc.record({
    target: fc.constantFrom('/echo', '/given'),
    text: fc.integer({ min: 0, max: 9_000 }).map(length => '0123456789;'.repeat(length / 11 + 1).slice(0, length)),
  }), { minLength: 1, maxLength: 5 }),
  steps: fc.array(fc.record({
    arrives: fc.integer({ min: 0, max: 5_000 }),
    taken: fc.integer({ min: 0, max: 5_000 }),
  }), { maxLength: 30 }),
})

/** Reads the body with the core's reader, and gives the whole memory of each chunk away, as to a worker. */
function givenAway(reqd: Reqd): void {
  const chunks: Buffer[] = []
  const read = (): void => {
    reqd.requestBody.scheduleRead({
      onRead: bytes => {
        chunks.push(Buffer.from(structuredClone(bytes, { transfer: [bytes.buffer as ArrayBuffer] })))
        read()
      },
      onEof: () => { reqd.respond({ body: Buffer.concat(chunks) }) },
    })
  }
  read()
}

describe('an echo', () => {
  it('sends each chunk as it arrives, and ends with the request', () => {
    const stage = Stage.open(echo).receive(upload(5)).receive('abc')
    expect(stage.text).toContain('3\r\nabc\r\n')
    stage.receive('de')
    expect(stage.text).toMatch(/2\r\nde\r\n0\r\n\r\n$/)
  })

  it('sends a body that arrived with its head', () => {
    expect(Stage.open(echo).receive(`${upload(5)}hello`).text).toMatch(/5\r\nhello\r\n0\r\n\r\n$/)
  })

  it('pauses the socket without room for output, and continues when the client takes it', () => {
    const stage = new Stage(echo, { highWaterMark: 10, readBufferSize: 10 })
    stage.transport.capacity = 0
    stage.connection.start()
    stage.receive(upload(60)).receive('x'.repeat(20)).receive('y'.repeat(20))
    expect(stage.transport.isPaused).toBe(true)
    stage.take(100_000).settle()
    expect(stage.transport.isPaused).toBe(false)
    stage.receive('z'.repeat(20))
    expect(stage.text).toMatch(/14\r\nx+\r\n14\r\ny+\r\n14\r\nz+\r\n0\r\n\r\n$/)
  })

  it('accepts lent chunks', () => {
    const stage = new Stage(echo)
    stage.transport.ownership = 'lent'
    stage.transport.capacity = 0
    stage.connection.start()
    stage.receive(`${upload(5_003)}${'x'.repeat(5_000)}`)
    expect(stage.transport.preferred).toBe('lent')
    stage.take(100_000).receive('end')
    expect(stage.text).toMatch(/1388\r\nx{5000}\r\n3\r\nend\r\n0\r\n\r\n$/)
  })

  it('is of the bytes that arrived, whatever becomes of the memory of other requests', () => {
    fc.assert(fc.property(traffic, ({ ownership, bodies, steps }) => {
      const stage = new Stage(reqd => reqd.target === '/echo' ? echo(reqd) : givenAway(reqd), MARKS)
      stage.transport.ownership = ownership
      stage.transport.capacity = 0
      stage.connection.start()
      const input = bodies.map(({ target, text }) => post(text).replace('POST / ', `POST ${target} `)).join('')
      let sent = 0
      for (const { arrives, taken } of steps) stage.receive(input.slice(sent, sent += arrives)).take(taken)
      stage.receive(input.slice(sent)).take(Infinity)
      expect(stage.errors).toEqual([])
      const responses = parseResponses(stage.text, bodies.map(() => ({ method: 'POST' })))
      expect(responses.map(({ body }) => body)).toEqual(bodies.map(({ text }) => text))
    }))
  })

  it('sends the end in one write with a last chunk that fills the high-water mark', () => {
    const stage = Stage.open(echo, { highWaterMark: 10 })
    const { writes } = stage.receive(`${upload(20)}${'x'.repeat(20)}`).transport
    expect(stage.text).toMatch(/14\r\nx+\r\n0\r\n\r\n$/)
    expect(writes).toBe(1)
  })

  it('is cut if the request is truncated', () => {
    const stage = Stage.open(echo).receive(upload(10)).receive('abc')
    stage.transport.endInput()
    expect(stage.text).toMatch(/3\r\nabc\r\n$/)
  })

  it('is cut if the request exceeds the Content-Length of the response', () => {
    const stage = Stage.open(reqd => ({ body: reqd.body, headers: { 'Content-Length': 4 } }))
    stage.receive(upload(6)).receive('abc').receive('def')
    expect(stage.text).toMatch(/\r\n\r\nabc$/)
    expect(stage.errors).toMatchObject([{ code: 'bodyTooLong' }])
  })

  it('fails if the request is shorter than the Content-Length of the response', () => {
    const stage = Stage.open(reqd => ({ body: reqd.body, headers: { 'Content-Length': 9 } }))
    stage.receive(upload(3)).receive('abc')
    expect(stage.errors).toMatchObject([{ code: 'bodyTooShort' }])
  })

  it('fails if the body already has a consumer', () => {
    const stage = Stage.open(reqd => {
      reqd.body.bytes$.subscribe({ error: () => undefined })
      return echo(reqd)
    }).receive(upload(3))
    expect(stage.text).toContain('500 Internal Server Error')
    expect(stage.errors).toMatchObject([{ code: 'alreadyScheduled' }])
  })

  it('closes the request body when the client leaves', () => {
    const bodies: Reqd[] = []
    const stage = Stage.open(reqd => {
      bodies.push(reqd)
      return echo(reqd)
    }).receive(upload(9)).receive('abc')
    stage.transport.breakDown()
    expect(bodies[0].requestBody.isClosed).toBe(true)
  })
})
