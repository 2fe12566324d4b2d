/**
 * A connection that is driven at random: one method for each possible operation, in any order, with callbacks that
 * perform further operations or throw. The operations are given as a list of numbers, so that any list is a walk.
 */
import fc from 'fast-check'
import type { BodyWriter } from '../../lib/connection/body-writer.js'
import type { Reqd } from '../../lib/connection/reqd.js'
import { ServerConnection } from '../../lib/connection/server-connection.js'
import { LocalProtocolError, RemoteProtocolError } from '../../lib/errors.js'
import { Headers } from '../../lib/message/headers.js'
import { readGetters } from './getters.js'
import { get, head, post, postChunks, responding, textOf } from './runtime.js'
import { latin1 } from './splits.js'

/** The exception of an application's callbacks. */
export class Boom extends Error {}

/** Meaningful input: whole requests, parts of them, and malformed bytes. */
const INPUTS = [
  get('/'), get('/a', 'Connection: close'), head('GET /old HTTP/1.0'), head('GET / HTTP/1.0', 'Connection: keep-alive'),
  head('HEAD / HTTP/1.1'), get('/up', 'Connection: upgrade', 'Upgrade: x'), head('CONNECT a:1 HTTP/1.1', 'Host: a:1'),
  post('hello'), post('hello', 'Expect: 100-continue'), post('hello').slice(0, -3), 'lo', postChunks(),
  '5\r\nhello\r\n', '1\r\nx\r\n1\r\ny\r\n', '0\r\n\r\n', '0\r\na: b\r\n', '\r\n', 'GET / HT', 'TP/1.1\r\n', 'x', '\0',
  post('hello', 'Connection: upgrade', 'Upgrade: x'), get('/').repeat(4),
  head('POST / HTTP/1.1', 'Content-Length: 99999'),
  `${postChunks('Expect: 100-continue')}3\r\nabc\r\n0\r\n\r\n`,
]

/** The framing of responses. */
const FIELDS: [string, string][][] = [
  [], [], [['Content-Length', '5']], [['Transfer-Encoding', 'chunked']], [['Connection', 'close']], [['bad\n', 'x']],
]

const STATUSES = [200, 200, 204, 304, 404, 100]

/** A walk: the sequence of calls, and the sequence of the callbacks' actions, as numbers. */
export interface Walk {
  readonly steps: readonly number[]
  readonly callbacks: readonly number[]
  readonly writeBufferSize: number
}

const choices = (maxLength: number): fc.Arbitrary<number[]> => fc.array(fc.nat(0xffff), { maxLength })

/** Any walk. */
export const walks: fc.Arbitrary<Walk> = fc.record({
  steps: choices(40), callbacks: choices(20), writeBufferSize: fc.constantFrom(1, 100, 100_000),
})

/** A connection, and all objects that a walk can reach from it. */
export class Walker {
  readonly connection: ServerConnection
  /** All that was written. */
  output = ''
  /** The observed behaviour of the connection: its calls, answers and exceptions. */
  readonly events: string[] = []
  private readonly reqds: Reqd[] = []
  private readonly writers: BodyWriter[] = []
  private readonly startResponses: ((headers: Headers) => BodyWriter)[] = []
  private readonly callbacks: number[]
  private pending = ''
  private number = 0
  private readonly isWatched: boolean
  private readonly actions: (() => void)[]

  /** `isWatched`: every getter of all that can be reached is read between any two operations. */
  constructor(walk: Walk, isWatched = false) {
    this.isWatched = isWatched
    this.callbacks = [...walk.callbacks]
    this.connection = ServerConnection.create(reqd => {
      this.reqds.push(reqd)
      this.callback()
    }, {
      config: { writeBufferSize: walk.writeBufferSize, drainLimit: 20 },
      errorHandler: (_error, startResponse) => {
        this.startResponses.push(startResponse)
        this.callback()
      },
    })
    this.actions = [...this.loopActions(), ...this.handlerActions(), ...this.endingActions()]
  }

  /** Performs the action of the number. A misuse error is part of the walk; any other exception is not. */
  step(number: number): void {
    this.number = number
    this.watch()
    this.attempt(this.actions[number % this.actions.length])
    this.watch()
  }

  /** Ends both directions from outside: the peer sends no more, and takes no more. */
  closeBothSides(): void {
    this.connection.readEof(latin1(this.pending), 0, this.pending.length)
    this.connection.reportWriteResult({ type: 'closed' })
  }

  private attempt(action: () => void): void {
    try {
      action()
    } catch (error) {
      // The connection must catch the exception of a callback.
      if (!(error instanceof LocalProtocolError)) throw error
      this.events.push(error.code)
    }
  }

  private watch(): void {
    if (!this.isWatched) return
    for (const one of [this.connection, ...this.reqds, ...this.writers]) readGetters(one)
    for (const { requestBody } of this.reqds) readGetters(requestBody)
  }

  /** Performs a callback's next action: nothing, another call, or an exception; nothing after the end of the list. */
  private callback(): void {
    const number = this.callbacks.shift() ?? 0
    this.events.push(`callback ${number}`)
    this.watch()
    if (number % 5 === 0) return
    if (number % 5 === 1) throw new Boom('boom')
    this.step(Math.floor(number / 5))
  }

  private pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.number / 64) % list.length]
  }

  /** Picks one of the objects that the walk has met. Nothing is done if there is none. */
  private withOne<T>(list: readonly T[], use: (one: T) => void): void {
    if (list.length > 0) use(list[list.length - 1 - (Math.floor(this.number / 4096) % Math.min(2, list.length))])
  }

  private loopActions(): (() => void)[] {
    const { connection } = this
    // The loops are not the application: their callbacks do not throw.
    const resume = (): void => {
      try {
        this.callback()
      } catch (error) {
        if (!(error instanceof Boom)) throw error
      }
    }
    const write = (part: number): void => {
      const operation = connection.nextWriteOperation()
      this.events.push(operation.type)
      const text = operation.type === 'write' ? textOf(operation.iovecs) : ''
      const count = Math.ceil(text.length / part)
      connection.reportWriteResult({ type: 'ok', count })
      this.output += text.slice(0, count)
    }
    return [
      () => { this.feed(this.pick(INPUTS)) }, () => { this.feed(this.pick(INPUTS)) },
      () => { this.feed(this.pick(INPUTS)) }, () => { this.feed('') },
      () => { connection.readLent(latin1(this.pick(INPUTS)), 1, 3) },
      () => { this.feedEof() },
      () => { write(1) }, () => { write(1) }, () => { write(3) },
      () => { connection.reportWriteResult({ type: 'ok', count: this.number }) },
      () => { connection.yieldReader(resume) }, () => { connection.yieldWriter(resume) },
    ]
  }

  private handlerActions(): (() => void)[] {
    const callback = (): void => { this.callback() }
    const respond = (use: (reqd: Reqd) => void) => (): void => { this.withOne(this.reqds, use) }
    const write = (use: (body: BodyWriter) => void) => (): void => { this.withOne(this.writers, use) }
    const response = () => responding(this.pick(STATUSES), ...this.pick(FIELDS))
    const bytes = Uint8Array.of(1, 2, 3)
    return [
      respond(reqd => { reqd.respondWithString(response(), 'hello') }),
      respond(reqd => { reqd.respondWithBytes(response(), bytes) }),
      respond(reqd => { this.writers.push(reqd.respondWithStreaming(response())) }),
      respond(reqd => { this.writers.push(reqd.respondWithStreaming(response(), { flushHeadersImmediately: true })) }),
      respond(reqd => { reqd.respondWithUpgrade(Headers.of({ Upgrade: 'x' }), callback) }),
      respond(reqd => { reqd.takeOver(callback) }),
      respond(reqd => { reqd.requestBody.scheduleRead({ onRead: callback, onEof: callback, onError: callback }) }),
      respond(reqd => { reqd.requestBody.scheduleRead({ onRead: () => { this.step(this.number) }, onEof: callback }) }),
      respond(reqd => { reqd.requestBody.close() }),
      respond(reqd => { reqd.reportExn(new Boom('reported')) }),
      write(body => { body.writeString('hello') }), write(body => { body.writeString('hé') }),
      write(body => { body.writeBytes(bytes, 0, this.number % 5) }), write(body => { body.scheduleBytes(bytes, 1) }),
      write(body => { body.flush(callback) }), write(body => { body.whenDrained(this.number % 50, callback) }),
      write(body => { body.close() }), write(body => { body.close() }),
      write(body => { body.close(Headers.of({ a: this.pick(['b', '\n']) })) }),
      () => { this.withOne(this.startResponses, start => { this.startResponse(start) }) },
    ]
  }

  private startResponse(start: (headers: Headers) => BodyWriter): void {
    this.writers.push(start(Headers.ofList(this.pick(FIELDS))))
  }

  private endingActions(): (() => void)[] {
    const { connection } = this
    // The step that ends a walk is rare, so that walks are long.
    const seldom = (use: () => void) => (): void => { if (this.pick([true, false, false, false])) use() }
    return [
      seldom(() => { connection.shutdown() }), seldom(() => { connection.drain() }),
      seldom(() => { connection.reportExn(new Boom('reported')) }),
      seldom(() => { connection.reportExn(new RemoteProtocolError('requestTimeout')) }),
      seldom(() => { connection.reportWriteResult({ type: 'closed' }) }),
    ]
  }

  private feed(text: string): void {
    this.pending += text
    const consumed = this.connection.read(latin1(this.pending), 0, this.pending.length)
    this.events.push(`consumed ${consumed}`)
    this.pending = this.pending.slice(consumed)
  }

  private feedEof(): void {
    const consumed = this.connection.readEof(latin1(this.pending), 0, this.pending.length)
    this.events.push(`consumed ${consumed} to the end`)
    this.pending = this.pending.slice(consumed)
  }
}
