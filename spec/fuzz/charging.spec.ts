/**
 * The invariant: a failure affects its own exchange only. Whatever handlers, their callbacks and the peer do wrong, and
 * whenever output is written: each request gets the response that its own handler made or failed to make, complete
 * unless it was cut; a cut response does not look complete; a failure after an exchange affects no other request; and a
 * failure between two requests writes nothing.
 *
 * FUZZ_RUNS says how many runs the property gets.
 */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { Reqd } from '../../lib/connection/reqd.js'
import { ServerConnection } from '../../lib/connection/server-connection.js'
import { parseResponses, type Seen } from '../helpers/response-parser.js'
import { get, head, responding, textOf } from '../helpers/runtime.js'
import { latin1 } from '../helpers/splits.js'

const runs = { numRuns: Number(process.env['FUZZ_RUNS'] ?? 500) }

const boom = (): never => { throw new Error('boom') }

/** The kinds of handlers. `fails`: before the response; `cuts`: within it; the others respond, and some fail later. */
const KINDS = ['responds', 'streams', 'flushes late', 'reads late', 'reports late', 'fails', 'cuts'] as const
type Kind = typeof KINDS[number]

/** A kind; those that end the connection are rare, so that other requests come before them. */
const KIND = fc.oneof(
  ...KINDS.map(kind => ({ arbitrary: fc.constant<Kind>(kind), weight: kind === 'fails' || kind === 'cuts' ? 2 : 4 })),
)

/** A request and its handler, which acts when `act` is called. */
class Exchange {
  readonly kind: Kind
  readonly body: string
  isHandled = false
  private reqd: Reqd | null = null
  private isDone = false

  constructor(kind: Kind, body: string) {
    this.kind = kind
    this.body = body
  }

  begin(reqd: Reqd): void {
    this.isHandled = true
    this.reqd = reqd
  }

  /** Makes the response, once; later calls fail if the kind fails late. */
  act(): void {
    const { reqd, body } = this
    if (reqd === null) return
    if (this.isDone) return this.failLate(reqd)
    this.isDone = true
    if (this.kind === 'fails') reqd.reportExn(new Error('boom'))
    else if (this.kind === 'responds' || this.kind === 'reads late') reqd.respondWithString(responding(200), body)
    else this.stream(reqd)
  }

  private stream(reqd: Reqd): void {
    const writer = reqd.respondWithStreaming(responding(200), { flushHeadersImmediately: this.body.length % 2 === 0 })
    writer.writeString(this.body)
    if (this.kind === 'cuts') return reqd.reportExn(new Error('boom'))
    if (this.kind === 'flushes late') writer.flush(boom)
    writer.close()
  }

  private failLate(reqd: Reqd): void {
    if (this.kind === 'reads late') reqd.requestBody.scheduleRead({ onRead: boom, onEof: boom, onError: boom })
    if (this.kind === 'reports late') reqd.reportExn(new Error('boom'))
  }
}

const MAKERS = [
  (target: string) => get(target), (target: string) => head(`HEAD ${target} HTTP/1.1`),
  (target: string) => head(`GET ${target} HTTP/1.0`, 'Connection: keep-alive'),
  (target: string) => `${head(`POST ${target} HTTP/1.1`, 'Content-Length: 2')}hi`,
]

/** A client, the loops of a server, and its handlers. */
class Scene {
  readonly input: string
  readonly connection: ServerConnection
  output = ''
  isReset = false
  /** The output at the time of a failure between two requests; null if there was none. */
  private silentFrom: string | null = null
  private rest: string
  private readonly exchanges: readonly Exchange[]

  constructor(input: string, exchanges: readonly Exchange[]) {
    this.input = this.rest = input
    this.exchanges = exchanges
    this.connection = ServerConnection.create(reqd => {
      exchanges[Number(reqd.request.target.slice(1))].begin(reqd)
    })
  }

  step(number: number): void {
    switch (number % 4) {
      case 0: this.read(1 + number % 300); break
      case 1: this.write(1 + number % 300); break
      default: this.exchanges[Math.floor(number / 4) % this.exchanges.length].act()
    }
  }

  /** Reports a failure from outside, if the connection is between two requests. */
  failBetween(): void {
    const { connection } = this
    if (connection.isHandling || connection.isWithinHead || connection.hasPendingOutput) return
    this.silentFrom = this.output
    connection.reportExn(new Error('boom'))
  }

  /** Runs the loops and handlers until the connection has ended. */
  finish(): void {
    for (let turn = 0; turn < 10 * this.exchanges.length + 20; turn++) {
      this.read(10_000)
      for (const exchange of this.exchanges) if (exchange.isHandled) exchange.act()
      // Writes are rare, so that several responses are queued when one of them is cut.
      if (turn % 4 === 3) this.write(10_000)
    }
    expect(this.connection.isClosed).toBe(true)
    expect(this.connection.hasPendingOutput).toBe(false)
    if (this.silentFrom !== null) expect(this.output).toBe(this.silentFrom)
  }

  private read(size: number): void {
    if (this.connection.nextReadOperation() !== 'read') return
    const part = latin1(this.rest.slice(0, size))
    const isLast = part.length === this.rest.length
    const consumed = this.connection[isLast ? 'readEof' : 'read'](part, 0, part.length)
    this.rest = this.rest.slice(consumed)
  }

  private write(size: number): void {
    const operation = this.connection.nextWriteOperation()
    if (operation.type === 'close') this.isReset = operation.mustReset
    if (operation.type !== 'write') return
    const text = textOf(operation.iovecs).slice(0, size)
    this.output += text
    this.connection.reportWriteResult({ type: 'ok', count: text.length })
  }
}

/** Checks the responses in order: each handled request has the one of its kind. */
function judge(scene: Scene, exchanges: readonly Exchange[], isHead: readonly boolean[], hasBad: boolean): void {
  const asked = isHead.map(each => ({ method: each ? 'HEAD' : 'GET' }))
  const seen = parseResponses(scene.output, asked)
  const handled = exchanges.filter(exchange => exchange.isHandled)
  expect(seen.length).toBeLessThanOrEqual(handled.length + (hasBad ? 1 : 0))
  for (const [index, exchange] of handled.entries()) {
    const response = seen.at(index)
    if (exchange.kind === 'fails') expect(response).toMatchObject({ status: 500, isComplete: true })
    else if (exchange.kind === 'cuts') demandCut(scene, response, isHead[index])
    else expect(response).toMatchObject({ status: 200, body: isHead[index] ? '' : exchange.body, isComplete: true })
  }
  if (seen.length > handled.length) expect(seen.at(-1)).toMatchObject({ status: 400, isComplete: true })
}

/** Checks that a cut response is missing, or is visibly incomplete by its framing or by a reset. */
function demandCut(scene: Scene, response: Seen | undefined, isHead: boolean): void {
  if (response === undefined) return
  expect(response.status === 500 || !response.isComplete || scene.isReset || isHead).toBe(true)
}

describe('any failure', () => {
  it('affects the response to its own request, and no other', () => {
    const plan = fc.array(fc.tuple(KIND, fc.nat(MAKERS.length - 1), fc.nat(60)), { minLength: 1, maxLength: 6 })
    const steps = fc.array(fc.nat(5000), { maxLength: 60 })
    fc.assert(fc.property(plan, steps, fc.boolean(), fc.option(fc.nat(59)), (list, numbers, hasBad, failAt) => {
      const exchanges = list.map(([kind, , size]) => new Exchange(kind, 'x'.repeat(size)))
      const input = list.map(([, maker], index) => MAKERS[maker](`/${index}`)).join('') + (hasBad ? 'BAD\r\n\r\n' : '')
      const scene = new Scene(input, exchanges)
      for (const [at, number] of numbers.entries()) {
        scene.step(number)
        if (at === failAt) scene.failBetween()
      }
      scene.finish()
      judge(scene, exchanges, list.map(([, maker]) => maker === 1), hasBad)
    }), runs)
  })
})
