/**
 * Finds the requests and responses in the bytes of a connection, of a capture or of its replay.
 *
 * Strategy: requests are parsed by the server's own state machine, with a handler that reads each body and answers;
 * responses by the parser of the kit's clients. If the client stopped within a body because the server did not read it,
 * the framing tells how many bytes are missing, though not which.
 */
import { NO_BYTES } from '../buffer/bytes.js'
import { ServerConnection } from '../connection/server-connection.js'
import type { Reqd } from '../connection/reqd.js'
import { Headers } from '../message/headers.js'
import { Response } from '../message/response.js'
import { joined } from './bytes.js'
import { ResponseParser, type TestResponse } from './response-parser.js'
import { nameOf } from './show.js'

/** Bytes with their time in milliseconds. */
export interface Piece {
  readonly at: number
  readonly bytes: Uint8Array
}

/** A received request. */
export interface Asked {
  /** Its method and target. */
  readonly name: string
  readonly method: string
  /** The time at which its head was complete. */
  readonly at: number
  /** Whether the client waits for a 100 (Continue) before it sends the body. */
  readonly expectsContinue: boolean
  /** Whether its body is complete. */
  isComplete: boolean
}

/** A request and its response. */
export interface Exchange extends Asked {
  readonly response: TestResponse | null
  /** The time at which the response was complete; null if it never was. */
  readonly answeredAt: number | null
  /** Whether a part of the response was received. */
  readonly hasBegun: boolean
  /** Whether a time limit caused the response. */
  readonly isLate: boolean
  /** Whether the response is an event stream, which has no end. */
  readonly isEndless: boolean
}

/** The requests of a connection, and what its client had yet to send. */
export interface Input {
  readonly requests: readonly Asked[]
  /** Made-up bytes that complete the last request's framing; empty if none do. */
  readonly rest: Uint8Array
}

/** Parses what the client sent. */
export function readInput(pieces: readonly Piece[]): Input {
  const reader = readerOf(pieces)
  const at = pieces.at(-1)?.at ?? 0
  const rest = reader.endings.find(bytes => readerOf([...pieces, { at, bytes }]).isComplete)
  return { requests: reader.requests, rest: rest ?? NO_BYTES }
}

function readerOf(pieces: readonly Piece[]): InputReader {
  const reader = new InputReader()
  for (const piece of pieces) reader.feed(piece)
  return reader
}

/** The output of a server, and how it ended. */
export interface Output {
  readonly output: readonly Piece[]
  readonly isEnded: boolean
  readonly limitAt: number | null
}

/** Parses the server's output into the responses to the requests. */
export function exchangesOf(requests: readonly Asked[], { output, isEnded, limitAt }: Output): Exchange[] {
  const methods = requests.map(({ method }) => method)
  const parser = new ResponseParser(() => methods.shift() ?? 'GET')
  const answers: { at: number; response: TestResponse }[] = []
  const take = (at: number, responses: readonly TestResponse[]): void => {
    const final = responses.filter(({ status }) => status >= 200 || status === 101)
    answers.push(...final.map(response => ({ at, response })))
  }
  try {
    for (const { at, bytes } of output) take(at, parser.push(bytes))
    if (isEnded) take(output.at(-1)?.at ?? 0, [parser.end() ?? []].flat())
  } catch {
    // Unreadable output contains no further response.
  }
  return requests.map((asked, index) => {
    const answer = answers.at(index)
    const isNext = index === answers.length
    return {
      ...asked,
      response: answer?.response ?? null,
      answeredAt: answer?.at ?? null,
      isLate: answer !== undefined && limitAt !== null && answer.at >= limitAt,
      hasBegun: answer !== undefined || isNext && parser.hasBegun,
      isEndless: isNext && parser.isEndless,
    }
  })
}

/** A server that reads and answers every request. */
class InputReader {
  readonly requests: Asked[]
  private readonly connection: ServerConnection
  private pending: Uint8Array
  private now: number
  private isOver: boolean

  constructor() {
    this.requests = []
    this.connection = ServerConnection.create(reqd => { this.take(reqd) }, {
      config: { maxHeaderSize: 1 << 20, maxHeadersCount: 1 << 16 },
      errorHandler: (_, start) => {
        this.isOver = true
        start(Headers.empty).close()
      },
    })
    this.pending = NO_BYTES
    this.now = 0
    this.isOver = false
  }

  /** Whether the last request is complete. */
  get isComplete(): boolean {
    return this.requests.at(-1)?.isComplete === true && this.pending.length === 0 && !this.isOver
  }

  /**
   * Candidates that may complete a body: its rest, or the rest of its chunk and the last chunk, also after a line end.
   */
  get endings(): Uint8Array[] {
    const isOpen = this.requests.at(-1)?.isComplete === false && !this.isOver
    if (!isOpen) return []
    const left = new Uint8Array(this.connection.bodyLeft).fill(FILLER)
    return [left, LAST_CHUNK, joined([left, LINE_END, LAST_CHUNK]), joined([LINE_END, left, LINE_END, LAST_CHUNK])]
  }

  feed({ at, bytes }: Piece): void {
    this.now = at
    this.pending = joined([this.pending, bytes])
    while (!this.isOver && this.pending.length > 0 && this.connection.nextReadOperation() === 'read') {
      const consumed = this.connection.read(this.pending, 0, this.pending.length)
      this.pending = this.pending.slice(consumed)
      this.flush()
      if (consumed === 0) break
    }
  }

  private flush(): void {
    for (let next = this.connection.nextWriteOperation(); next.type === 'write';) {
      const count = next.iovecs.reduce((sum, { len }) => sum + len, 0)
      this.connection.reportWriteResult({ type: 'ok', count })
      next = this.connection.nextWriteOperation()
    }
  }

  private take(reqd: Reqd): void {
    const { method, headers } = reqd.request
    const expectsContinue = headers.get('expect') !== null
    const asked: Asked = { name: nameOf(reqd.request), method, at: this.now, expectsContinue, isComplete: false }
    this.requests.push(asked)
    // After an upgrade the bytes are another protocol's.
    if (headers.get('upgrade') !== null || method === 'CONNECT') this.isOver = asked.isComplete = true
    const body = reqd.requestBody
    const read = (): void => {
      body.scheduleRead({
        onRead: read,
        onEof: () => {
          asked.isComplete = true
          reqd.respondWithString(Response.create(200), '')
        },
      })
    }
    read()
  }
}

/** A full stop. */
const FILLER = 0x2e
const LINE_END = Uint8Array.of(0x0d, 0x0a)
const LAST_CHUNK = Uint8Array.of(0x30, 0x0d, 0x0a, 0x0d, 0x0a)
