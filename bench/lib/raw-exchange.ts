/**
 * Responses on a socket without a parser.
 *
 * Strategy: all requests of one shape have the length of the first one, so that after it only bytes are counted.
 */
import { writeChunks, type Drainable } from './chunk-writer.js'
import { rawChunks } from './raw-chunks.js'
import { CHUNKED_TRANSFER_BYTES, GREETING, TRANSFER_BYTES, type Scenario } from './scenario.js'

const DATE = new Date().toUTCString()

function head(length: number): Buffer {
  return Buffer.from(`HTTP/1.1 200 OK\r\nDate: ${DATE}\r\nContent-Length: ${length}\r\n\r\n`)
}

const HELLO = Buffer.concat([head(GREETING.length), Buffer.from(GREETING)])
/** As many responses as one read may require. */
const MANY_HELLOS = Buffer.concat(Array.from({ length: 2048 }, () => HELLO))

/** The requests and responses on one socket. */
export class RawExchange {
  private readonly scenario: Scenario
  private readonly socket: Drainable
  private headLength: number
  private bodyLength: number
  /** The number of bytes of the current request received so far. */
  private position: number
  private answerHead: Buffer
  private readonly sendChunks: ((socket: Drainable) => void) | null

  constructor(scenario: Scenario, socket: Drainable) {
    this.scenario = scenario
    this.socket = socket
    this.headLength = 0
    this.bodyLength = 0
    this.position = 0
    this.answerHead = HELLO
    this.sendChunks = rawChunks(scenario)
  }

  receive(bytes: Uint8Array): void {
    // A request without a body comes in one piece.
    if (this.sendChunks !== null) return this.sendChunks(this.socket)
    if (this.headLength === 0) this.learn(bytes)
    if (this.scenario === 'echo') this.echo(bytes)
    else if (this.scenario === 'download') this.send(TRANSFER_BYTES)
    else this.answer(bytes)
  }

  private learn(bytes: Uint8Array): void {
    const text = Buffer.from(bytes).toString('latin1')
    const end = text.indexOf('\r\n\r\n')
    this.headLength = end + 4
    const isChunked = /transfer-encoding: chunked/i.test(text)
    this.bodyLength = isChunked ? CHUNKED_TRANSFER_BYTES : Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0)
    if (this.scenario === 'echo') this.answerHead = head(this.bodyLength)
  }

  private answer(bytes: Uint8Array): void {
    const length = this.headLength + this.bodyLength
    const total = this.position + bytes.length
    this.position = total % length
    const count = (total - this.position) / length
    if (count > 0) this.socket.write(count === 1 ? HELLO : MANY_HELLOS.subarray(0, count * HELLO.length))
  }

  private echo(bytes: Uint8Array): void {
    let off = 0
    while (off < bytes.length) {
      const length = this.headLength + this.bodyLength
      const taken = Math.min(bytes.length - off, length - this.position)
      const bodyStart = off + Math.max(0, this.headLength - this.position)
      const endsHead = this.position < this.headLength && this.position + taken >= this.headLength
      if (endsHead) this.socket.write(this.answerHead)
      if (bodyStart < off + taken) this.socket.write(bytes.subarray(bodyStart, off + taken))
      this.position = (this.position + taken) % length
      off += taken
    }
  }

  private send(bytes: number): void {
    this.socket.write(head(bytes))
    writeChunks(this.socket, bytes, () => undefined)
  }
}
