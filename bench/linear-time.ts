/**
 * The cost of input that arrives in small pieces: for the core alone, and for our connection with everything but a
 * socket. Unconsumed bytes are offered again with those that follow.
 */
import { Response, ServerConnection } from 'httprx/core'
import { Subject, type Observable } from 'rxjs'
import { internal } from './lib/internals.js'
import { isShort } from './lib/options.js'
import { printHeading, printTable, type Cell } from './lib/report.js'
import { summarize } from './lib/statistics.js'

const SAMPLES = isShort ? 5 : 51
/** The number of runs before the measurement, in which the code is compiled. */
const WARM_UPS = isShort ? 5 : 100
const BODY_BYTES = 64 * 1024

/** Processes one whole input in pieces of a size. */
type Intake = (input: Uint8Array, pieceSize: number) => void

/** The core, with a caller that keeps unconsumed bytes. */
function intoCore(input: Uint8Array, pieceSize: number): void {
  let answers = 0
  const connection = ServerConnection.create(reqd => {
    const answer = (): void => {
      answers++
      reqd.respondWithString(Response.create(200), '')
    }
    const read = (): void => { reqd.requestBody.scheduleRead({ onRead: read, onEof: answer }) }
    read()
  })
  let start = 0
  for (let end = pieceSize; start < input.length; end += pieceSize) {
    start += connection.read(input, start, Math.min(end, input.length) - start)
  }
  if (answers !== 1) throw new Error('there was no request')
}

interface Internals {
  readonly HttpConnection: new (id: number, transport: object, context: object) => { start(): void }
  readonly NODE_PLATFORM: object
  readonly serverContext: (handler: object, options: object, platform: object, closed: () => void) => object
}

const { HttpConnection } = await internal<Internals>('reactive/http-connection')
const { NODE_PLATFORM } = await internal<Internals>('node/platform')
const { serverContext } = await internal<Internals>('reactive/server-context')

/** A transport whose input comes from a Subject, and whose output is counted. */
class FakeTransport {
  readonly remoteAddress = ''
  readonly isEncrypted = false
  readonly peerCertificate = null
  readonly input = new Subject<{ readonly bytes: Uint8Array; readonly length: number; readonly ownership: 'owned' }>()
  writes = 0
  get bytes$(): Observable<object> { return this.input }
  write(): boolean { return ++this.writes > 0 }
  prefer(): void { /* all bytes are owned */ }
  pause(): void { /* the handler reads */ }
  resume(): void { /* the handler reads */ }
  end(): void { /* there are no further reads */ }
  destroy(): void { /* nothing is held */ }
}

function intoConnection(input: Uint8Array, pieceSize: number): void {
  const transport = new FakeTransport()
  const handler = (reqd: { body: { bytes$: Observable<Uint8Array> }; respond(reply: object): void }): void => {
    reqd.body.bytes$.subscribe({ complete: () => { reqd.respond({}) } })
  }
  const context = serverContext(handler, {}, NODE_PLATFORM, () => undefined)
  new HttpConnection(1, transport, context).start()
  for (let at = 0; at < input.length; at += pieceSize) {
    const bytes = input.subarray(at, at + pieceSize)
    transport.input.next({ bytes, length: bytes.length, ownership: 'owned' })
  }
  transport.input.complete()
  if (transport.writes === 0) throw new Error('there was no answer')
}

/** The median time of one intake, in microseconds. */
function timeOf(intake: Intake, input: Uint8Array, pieceSize: number): number {
  const times: number[] = []
  for (let sample = -WARM_UPS; sample < SAMPLES; sample++) {
    const start = process.hrtime.bigint()
    intake(input, pieceSize)
    if (sample >= 0) times.push(Number(process.hrtime.bigint() - start) / 1000)
  }
  return summarize(times).median
}

const head = (fields: string): Buffer => Buffer.from(`POST / HTTP/1.1\r\nHost: bench\r\n${fields}\r\n`)

/** A head just below the limit of 16 KiB. */
const LARGE_HEAD = head(`X-Field: ${'x'.repeat(1000)}\r\n`.repeat(16))

function chunkedBody(size: number): Uint8Array {
  const chunk = `${size.toString(16)}\r\n${'x'.repeat(size)}\r\n`
  const body = Buffer.from(`${chunk.repeat(BODY_BYTES / size)}0\r\n\r\n`)
  return Buffer.concat([head('Transfer-Encoding: chunked\r\n'), body])
}

printHeading('linear time', `Input in small pieces. Medians of ${SAMPLES} runs.`)
const rows: Cell[][] = []
for (const [name, intake] of [['core', intoCore], ['connection', intoConnection]] as const) {
  const whole = timeOf(intake, LARGE_HEAD, LARGE_HEAD.length)
  const bytewise = timeOf(intake, LARGE_HEAD, 1)
  rows.push([name, 'head of 16 KiB, byte by byte / whole', whole, bytewise, bytewise / whole, 20])
  const [large, small] = [chunkedBody(64), chunkedBody(1)]
  const coarse = timeOf(intake, large, BODY_BYTES)
  const fine = timeOf(intake, small, BODY_BYTES)
  const perWireByte = fine / small.length / (coarse / large.length)
  rows.push([name, '64 KiB in chunks of 1 / of 64, per byte on the wire', coarse, fine, perWireByte, 10])
  rows.push([name, '64 KiB in chunks of 1 / of 64, per byte of data', coarse, fine, fine / coarse, ''])
}
printTable(['of', 'input', 'simple, µs', 'in pieces, µs', 'factor', 'at most'], rows)
process.exit()
