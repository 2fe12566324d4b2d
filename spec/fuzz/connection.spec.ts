/**
 * The invariant: for any bytes in any cut, and any calls in any order, even within callbacks, the connection throws
 * nothing but LocalProtocolError at an incorrect call, never hangs, is closed once both sides are, and writes valid
 * responses to the requests, in their order.
 *
 * FUZZ_RUNS says how many runs each property gets.
 */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { BodyWriter } from '../../lib/connection/body-writer.js'
import type { Reqd } from '../../lib/connection/reqd.js'
import { ServerConnection } from '../../lib/connection/server-connection.js'
import { LocalProtocolError } from '../../lib/errors.js'
import { conversation } from '../helpers/conversation.js'
import { runOut } from '../helpers/limits.js'
import { parseResponses } from '../helpers/response-parser.js'
import { get, head, post, postChunks, responding, textOf, thrownBy } from '../helpers/runtime.js'
import { latin1 } from '../helpers/splits.js'
import { Walker, walks } from '../helpers/walker.js'

const runs = { numRuns: Number(process.env['FUZZ_RUNS'] ?? 500) }

describe('any walk', () => {
  it('throws nothing but misuse errors, and is closed once both sides are', () => {
    fc.assert(fc.property(walks, walk => {
      const walker = new Walker(walk)
      for (const step of walk.steps) walker.step(step)
      walker.closeBothSides()
      const { connection } = walker
      expect(connection.isClosed).toBe(true)
      expect(connection.nextReadOperation()).toBe('close')
      expect(connection.nextWriteOperation().type).toBe('close')
    }), runs)
  })

  it('is the same if every getter is read between any two operations', () => {
    fc.assert(fc.property(walks, walk => {
      const [watched, twin] = [new Walker(walk, true), new Walker(walk)]
      for (const walker of [watched, twin]) {
        for (const step of walk.steps) walker.step(step)
        walker.closeBothSides()
      }
      expect([watched.events, watched.output]).toEqual([twin.events, twin.output])
    }), runs)
  })

  it('ends, or is in a phase with a time limit, after which it ends', () => {
    fc.assert(fc.property(walks, walk => {
      const walker = new Walker(walk)
      for (const step of walk.steps) walker.step(step)
      runOut(walker.connection)
    }), runs)
  })

  it('of direct calls throws nothing but misuse errors, and badRange for numbers out of range', () => {
    const bytes = latin1(get('/') + post('hello'))
    const numbers = fc.oneof(fc.integer({ min: -2, max: 200 }), fc.constantFrom(NaN, 0.5, Infinity))
    const calls = fc.array(fc.tuple(fc.nat(7), numbers, numbers), { maxLength: 30 })
    fc.assert(fc.property(calls, list => {
      const connection = ServerConnection.create(reqd => { reqd.respondWithString(responding(200), '') })
      for (const [which, first, second] of list) {
        const isRight = isInRange(connection, which, [first, second], bytes)
        const error = thrownBy(() => { callOf(connection, which, [first, second], bytes) })
        if (error !== null) expect(error).toBeInstanceOf(LocalProtocolError)
        if (!isRight) expect(error).toMatchObject({ code: 'badRange' })
      }
    }), runs)
  })
})

/** Whether the numbers of a call are in range: within the bytes, or within the pending output. */
function isInRange(
  { pendingBytes }: ServerConnection, which: number, [a, b]: [number, number], bytes: Uint8Array,
): boolean {
  const isCount = (number: number, most: number): boolean => Number.isInteger(number) && number >= 0 && number <= most
  if (which < 3) return isCount(a, bytes.length) && isCount(b, bytes.length - a)
  return which !== 3 || isCount(a, pendingBytes)
}

function callOf(connection: ServerConnection, which: number, [a, b]: [number, number], bytes: Uint8Array): void {
  switch (which) {
    case 0: connection.read(bytes, a, b); break
    case 1: connection.readLent(bytes, a, b); break
    case 2: connection.readEof(bytes, a, b); break
    case 3: connection.reportWriteResult({ type: 'ok', count: a }); break
    case 4: connection.yieldReader(() => {}); break
    case 5: connection.yieldWriter(() => {}); break
    case 6: connection.nextReadOperation(); break
    default: connection.nextWriteOperation()
  }
}

/** Valid messages, and changes that may make them invalid. */
const messages = fc.constantFrom(
  get('/1'), get('/2', 'Connection: close'), head('HEAD /3 HTTP/1.1'),
  head('GET /4 HTTP/1.0', 'Connection: keep-alive'),
  post('hello'), post('x'.repeat(100)), post('hi', 'Expect: 100-continue'), '\r\n',
  `${postChunks()}5\r\nhello\r\n1\r\nx\r\n0\r\n\r\n`, `${postChunks()}3;a="b"\r\nabc\r\n0\r\na: b\r\n\r\n`,
  `${postChunks()}${'1\r\nx\r\n'.repeat(20)}0\r\n\r\n`, head('OPTIONS * HTTP/1.1'), get('http://b/5'),
)
const changes = fc.array(fc.tuple(fc.nat(2000), fc.constantFrom('', '\r', '\n', '\0', ' ', ':', ';', 'x', '\xff')),
  { maxLength: 2 })
const inputs = fc.tuple(fc.array(messages, { maxLength: 6 }), changes).map(([parts, list]) => {
  let text = parts.join('')
  for (const [at, character] of list) text = text.slice(0, at) + character + text.slice(at + 1)
  return text
})
const cuts = fc.array(fc.nat(2000), { maxLength: 20 })

describe('any bytes', () => {
  it('give the same events in any cut', () => {
    fc.assert(fc.property(inputs, cuts, (text, places) => {
      expect(conversation(text, places)).toEqual(conversation(text, []))
    }), runs)
  })

  it('give the same events byte by byte', () => {
    fc.assert(fc.property(inputs, text => {
      expect(conversation(text, Array.from(text, (_, index) => index + 1))).toEqual(conversation(text, []))
    }), { ...runs, numRuns: Math.ceil(runs.numRuns / 5) })
  })

  it('give the same events in any cut if they are random', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), cuts, (bytes, places) => {
      const text = Buffer.from(bytes).toString('latin1')
      expect(conversation(text, places)).toEqual(conversation(text, []))
    }), runs)
  })
})

/** The steps of the handlers of a connection; each is performed by the handler of the latest request. */
type Behaviour = readonly number[]

/** The handler of one request: each step responds, writes, reads or closes, as far as that is possible. */
class Scripted {
  private body: BodyWriter | null = null
  /** The body that the client must receive, if the response is complete. */
  expected = ''
  isAnswered = false
  private readonly reqd: Reqd

  constructor(reqd: Reqd) {
    this.reqd = reqd
  }

  step(number: number): void {
    if (this.body === null) this.begin(number)
    else this.goOn(this.body, number)
  }

  /** Completes the response, and closes the request body. */
  finish(): void {
    if (!this.isAnswered && this.body === null) this.begin(0)
    if (this.body !== null) this.body.close()
    this.reqd.requestBody.close()
  }

  private begin(number: number): void {
    if (this.isAnswered) return
    const id: [string, string] = ['X-Target', this.reqd.request.target]
    const text = 'x'.repeat(number % 40)
    switch (number % 6) {
      case 0: this.answer(() => { this.reqd.respondWithString(responding(200, id), text) }, text); break
      case 1: this.answer(() => { this.reqd.respondWithBytes(responding(404, id), latin1(text)) }, text); break
      case 2: this.answer(() => { this.reqd.respondWithString(responding(204, id), text) }, ''); break
      case 3: this.body = this.reqd.respondWithStreaming(responding(200, id), { flushHeadersImmediately: true }); break
      case 4: this.body = this.reqd.respondWithStreaming(responding(number % 4 === 0 ? 304 : 200, id)); break
      default: this.read()
    }
  }

  private answer(respond: () => void, text: string): void {
    respond()
    this.expected = text
    this.isAnswered = true
  }

  private goOn(body: BodyWriter, number: number): void {
    if (body.isClosed) return
    const text = 'y'.repeat(number % 30)
    switch (number % 6) {
      case 0: body.close(); break
      case 1: body.scheduleBytes(latin1(text)); break
      case 2: body.writeBytes(latin1(text)); break
      case 3: this.read(); return
      default: body.writeString(text)
    }
    if (number % 6 !== 0) this.expected += text
  }

  private read(): void {
    if (this.reqd.requestBody.isClosed || this.reqd.requestBody.isScheduled) return
    this.reqd.requestBody.scheduleRead({ onRead: () => {}, onEof: () => {} })
  }
}

const requests = fc.array(fc.constantFrom(
  (target: string) => get(target), (target: string) => head(`HEAD ${target} HTTP/1.1`),
  (target: string) => head(`GET ${target} HTTP/1.0`, 'Connection: keep-alive'),
  (target: string) => `${head(`POST ${target} HTTP/1.1`, 'Content-Length: 5')}hello`,
  (target: string) => `${head(`POST ${target} HTTP/1.1`, 'Transfer-Encoding: chunked')}3\r\nabc\r\n0\r\n\r\n`,
), { minLength: 1, maxLength: 6 })
const behaviours: fc.Arbitrary<Behaviour> = fc.array(fc.nat(1000), { maxLength: 60 })

/** A client and the loops of a server, which perform the operations that the connection asks for. */
class Exchange {
  readonly scripts: Scripted[] = []
  readonly connection = ServerConnection.create(reqd => { this.scripts.push(new Scripted(reqd)) })
  output = ''
  private input: string

  constructor(input: string) {
    this.input = input
  }

  /** Lets each loop perform an operation of at most `size` bytes. */
  turn(size: number): void {
    if (this.connection.nextReadOperation() === 'read') {
      const part = this.input.slice(0, size)
      const consumed = part.length === this.input.length
        ? this.connection.readEof(latin1(part), 0, part.length)
        : this.connection.read(latin1(part), 0, part.length)
      this.input = this.input.slice(consumed)
    }
    const operation = this.connection.nextWriteOperation()
    if (operation.type !== 'write') return
    const text = textOf(operation.iovecs).slice(0, size)
    this.output += text
    this.connection.reportWriteResult({ type: 'ok', count: text.length })
  }
}

describe('any handler', () => {
  it('produces valid responses in the order of the requests, and the connection ends', () => {
    fc.assert(fc.property(requests, behaviours, (makers, numbers) => {
      const targets = makers.map((_, index) => `/${index}`)
      const input = makers.map((make, index) => make(targets[index])).join('')
      const exchange = new Exchange(input)
      for (const number of numbers) {
        exchange.turn(200 + number % 100)
        exchange.scripts.at(-1)?.step(number)
      }
      // No behaviour can need more turns than this.
      for (let turns = 0; turns < 200 && !isOver(exchange.connection); turns++) {
        exchange.turn(1000)
        exchange.scripts.at(-1)?.finish()
      }
      expect(isOver(exchange.connection)).toBe(true)
      demandResponses(exchange, input, targets)
    }), runs)
  })
})

function isOver(connection: ServerConnection): boolean {
  return connection.isClosed && !connection.hasPendingOutput
}

/** Checks that each handled request has its response, and that there are no others. */
function demandResponses(exchange: Exchange, input: string, targets: readonly string[]): void {
  const methods = [...input.matchAll(/(GET|HEAD|POST) \/\d/g)].map(([, method]) => ({ method }))
  const seen = parseResponses(exchange.output, methods)
  expect(seen.map(({ fields }) => fields.get('x-target'))).toEqual(targets.slice(0, exchange.scripts.length))
  for (const [index, { status, body, isComplete }] of seen.entries()) {
    const isBodiless = methods[index].method === 'HEAD' || status === 204 || status === 304
    expect([index, body, isComplete]).toEqual([index, isBodiless ? '' : exchange.scripts[index].expected, true])
  }
}
