/**
 * The invariant: after any short sequence of operations on a connection, with handlers and error handlers of each kind,
 * including those that never respond: nothing but misuse errors was thrown, no getter had an effect, and both sides
 * have ended, or a time limit is running after which they end.
 *
 * All sequences of 2 operations, or of FUZZ_LENGTH: `npm run fuzz` takes 4.
 */
import { describe, expect, it } from '@jest/globals'
import type { BodyWriter } from '../../lib/connection/body-writer.js'
import type { Reqd } from '../../lib/connection/reqd.js'
import { ServerConnection } from '../../lib/connection/server-connection.js'
import { LocalProtocolError } from '../../lib/errors.js'
import { Headers } from '../../lib/message/headers.js'
import { readGetters } from '../helpers/getters.js'
import { runOut } from '../helpers/limits.js'
import { get, head, post, responding, textOf } from '../helpers/runtime.js'
import { latin1 } from '../helpers/splits.js'

const LENGTH = Number(process.env['FUZZ_LENGTH'] ?? 2)

/** The immediate actions of handlers, and an error handler that answers later. */
const SCENES = ['does nothing', 'responds', 'streams', 'reads', 'throws', 'answers errors late'] as const
type Scene = typeof SCENES[number]

/** A connection, and the operations of its application and of its peer. */
class Stage {
  readonly connection: ServerConnection
  private readonly events: string[] = []
  private reqd: Reqd | null = null
  private body: BodyWriter | null = null
  private startResponse: ((headers: Headers) => BodyWriter) | null = null
  private pending = ''
  private readonly isWatched: boolean

  constructor(scene: Scene, isWatched: boolean) {
    this.isWatched = isWatched
    const errorHandler = scene === 'answers errors late'
      ? { errorHandler: (_: unknown, start: (headers: Headers) => BodyWriter) => { this.startResponse = start } }
      : {}
    this.connection = ServerConnection.create(reqd => { this.handle(reqd, scene) }, {
      ...errorHandler, config: { drainLimit: 100 },
    })
  }

  /** The observed behaviour of the connection. */
  get seen(): string {
    return this.events.join('\n')
  }

  act(index: number): void {
    this.watch()
    try {
      OPERATIONS[index](this)
    } catch (error) {
      if (!(error instanceof LocalProtocolError)) throw error
      this.events.push(error.code)
    }
    this.watch()
  }

  feed(text: string): void {
    this.pending += text
    this.pending = this.pending.slice(this.connection.read(latin1(this.pending), 0, this.pending.length))
    this.events.push(`${this.pending.length} left`)
  }

  feedEof(): void {
    this.pending = this.pending.slice(this.connection.readEof(latin1(this.pending), 0, this.pending.length))
    this.events.push(`${this.pending.length} left at the end`)
  }

  write(share: number): void {
    const operation = this.connection.nextWriteOperation()
    const text = operation.type === 'write' ? textOf(operation.iovecs) : ''
    const count = Math.ceil(text.length * share)
    this.events.push(`${operation.type} ${text}`)
    this.connection.reportWriteResult({ type: 'ok', count })
  }

  respond(): void {
    this.reqd?.respondWithString(responding(200), 'x')
  }

  stream(): void {
    if (this.startResponse !== null) this.body = this.startResponse(Headers.empty)
    else this.body = this.reqd?.respondWithStreaming(responding(200)) ?? null
    this.body?.writeString('y')
  }

  end(): void {
    this.body?.close()
  }

  read(then: () => void = () => undefined): void {
    const tell = (what: string) => (): void => {
      this.events.push(what)
      then()
    }
    this.reqd?.requestBody.scheduleRead({ onRead: tell('bytes'), onEof: tell('eof'), onError: tell('failed') })
  }

  unread(): void {
    this.reqd?.requestBody.close()
  }

  upgrade(): void {
    this.reqd?.respondWithUpgrade(Headers.of({ Upgrade: 'x' }), () => { this.events.push('upgraded') })
  }

  fail(): void {
    this.reqd?.reportExn(new Error('boom'))
  }

  private handle(reqd: Reqd, scene: Scene): void {
    this.events.push(reqd.request.method)
    this.reqd = reqd
    if (scene === 'responds') this.respond()
    else if (scene === 'streams') this.stream()
    else if (scene === 'reads') this.read()
    else if (scene === 'throws') throw new Error('boom')
  }

  private watch(): void {
    if (!this.isWatched) return
    for (const one of [this.connection, this.reqd, this.reqd?.requestBody, this.body]) if (one) readGetters(one)
  }
}

const OPERATIONS: ((stage: Stage) => void)[] = [
  stage => { stage.feed(get('/')) },
  stage => { stage.feed(head('GET / HTTP/1.0')) },
  stage => { stage.feed(post('hello', 'Expect: 100-continue').slice(0, -5)) },
  stage => { stage.feed(post('hello', 'Connection: upgrade', 'Upgrade: x').slice(0, -2)) },
  stage => { stage.feed(`lo${get('/')}`) },
  stage => { stage.feed('BAD\r\n\r\n') },
  stage => { stage.feedEof() },
  stage => { stage.write(1) },
  stage => { stage.write(0.5) },
  stage => { stage.respond() },
  stage => { stage.stream() },
  stage => { stage.end() },
  stage => { stage.read() },
  stage => { stage.read(() => { stage.respond() }) },
  stage => { stage.upgrade() },
  stage => { stage.fail() },
]
/** The operations before each sequence. */
const OPENINGS: Record<string, ((stage: Stage) => void)[]> = {
  'a connection': [],
  'a connection whose handler closed a request body': [OPERATIONS[3], stage => { stage.unread() }],
}

/** Calls `play` with each sequence of {@link LENGTH} numbers below `count`. */
function eachSequence(count: number, play: (sequence: readonly number[]) => void): void {
  const sequence = new Array<number>(LENGTH).fill(0)
  for (let number = 0; number < count ** LENGTH; number++) {
    for (let place = 0, rest = number; place < LENGTH; place++, rest = Math.floor(rest / count)) {
      sequence[place] = rest % count
    }
    play(sequence)
  }
}

describe.each(Object.keys(OPENINGS))('%s', opening => {
  it.each(SCENES)('ends, or has a time limit, after any sequence of operations with a handler that %s', scene => {
    let played = 0
    eachSequence(OPERATIONS.length, sequence => {
      const [stage, twin] = [true, false].map(isWatched => new Stage(scene, isWatched))
      try {
        for (const each of [stage, twin]) {
          for (const open of OPENINGS[opening]) open(each)
          for (const index of sequence) each.act(index)
        }
        if (stage.seen !== twin.seen) expect(stage.seen).toBe(twin.seen)
        runOut(stage.connection)
      } catch (error) {
        throw new Error(`${scene}: ${sequence.join(', ')}`, { cause: error })
      }
      played++
    })
    expect(played).toBe(OPERATIONS.length ** LENGTH)
  })
})
