/**
 * The client of a connection in a test: what its diagrams say it does, and everything that it and a bystander see, as
 * Observables for `expectObservable`.
 */
import { filter, map, Subject, tap, type Observable } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import type { HttpConnection } from '../reactive/connection.js'
import type { Limit } from '../reactive/deadlines.js'
import type { ConnectionEvent } from '../reactive/events.js'
import type { Reply } from '../reactive/reply.js'
import type { Reqd } from '../reactive/reqd.js'
import { AsyncCodeError, isAsyncSource } from './async-guard.js'
import { bytesOf } from './bytes.js'
import type { Message } from './expectation.js'
import { ResponseParser, type TestResponse } from './response-parser.js'
import { ConnectionResetError, TestTransport, type Peer, type Taking } from './test-transport.js'
import { labelled, type MarbleScheduler } from './virtual-time.js'

/** What the letters of a client's diagrams stand for: bytes that it sends, or how it reads. */
export type ClientValues = Readonly<Record<string, string | Uint8Array | number | boolean>>

/** The other diagrams of a client. */
export interface ClientOptions {
  /**
   * How the client reads: `o`, everything from now on; `x`, nothing; a letter whose value is a number, so many bytes
   * more. It reads everything unless told otherwise.
   */
  readonly reads?: string
  /** When the server learns that the client took a write: `'at once'`, as of TCP, unless `'later'`, as of TLS. */
  readonly takes?: Taking
}

/**
 * A client of a test: see the head of this file. Output, responses and `closed$` end with the connection; the others do
 * not end.
 */
export class TestClient implements Peer {
  /** The address that the server sees: `client 1` for the first. */
  readonly address: string
  /** The output as text, a piece a write; completes when the server ends its side, errors when the server cuts it. */
  readonly output$: Observable<string>
  /** The output as bytes, otherwise as {@link output$}. */
  readonly chunks$: Observable<Uint8Array>
  /** The output as responses, each when its last byte came; errors also where the output ends within one. */
  readonly responses$: Observable<TestResponse>
  /** The requests, when their heads are complete. */
  readonly requests$: Observable<Reqd>
  /** What `ready$` of the responses says: to a source that is a function, or of `respondWithStreaming`'s subject. */
  readonly ready$: Observable<number>
  /** `pause` when the server stops reading, `resume` when it goes on. */
  readonly pauses$: Observable<'pause' | 'resume'>
  /** The targets of requests that end without a complete response. */
  readonly aborts$: Observable<string>
  /** The names of time limits, when they are reached. */
  readonly timeouts$: Observable<Limit>
  /** How the connection ends, when nothing goes either way any more; then it completes. */
  readonly closed$: Observable<'closed' | 'reset'>
  /** What happens on the connection. */
  readonly events$: Observable<ConnectionEvent>
  /** The connection, from the frame on at which the client connects. */
  connection: HttpConnection | null
  /** The request that came last. @internal */
  request: unknown
  private readonly settlesPromises: boolean
  private readonly transport: TestTransport
  private readonly chunks: Subject<Uint8Array>
  private readonly output: Subject<string>
  private readonly responses: Subject<TestResponse>
  private readonly requests: Subject<Reqd>
  private readonly demand: Subject<number>
  private readonly pauses: Subject<'pause' | 'resume'>
  private readonly closing: Subject<'closed' | 'reset'>
  private readonly events: Subject<ConnectionEvent>
  private readonly reqds: Reqd[]
  private readonly methods: string[]
  private readonly parser: ResponseParser
  private readonly decoder: InstanceType<typeof TextDecoder>

  constructor(address: string, scheduler: MarbleScheduler, takes: Taking) {
    const named = <T>(subject: Observable<T>, name: string): Observable<T> => labelled(subject, `${address}, ${name}`)
    this.address = address
    this.settlesPromises = scheduler.settlesPromises
    this.transport = new TestTransport(this, scheduler, address, takes)
    this.chunks = new Subject()
    this.output = new Subject()
    this.responses = new Subject()
    this.requests = new Subject()
    this.demand = new Subject()
    this.pauses = new Subject()
    this.closing = new Subject()
    this.events = new Subject()
    this.output$ = named(this.output.asObservable(), 'output$')
    this.chunks$ = named(this.chunks.asObservable(), 'chunks$')
    this.responses$ = named(this.responses.asObservable(), 'responses$')
    this.requests$ = named(this.requests.asObservable(), 'requests$')
    this.ready$ = named(this.demand.asObservable(), 'ready$')
    this.pauses$ = named(this.pauses.asObservable(), 'pauses$')
    this.closed$ = named(this.closing.asObservable(), 'closed$')
    this.events$ = named(this.events.asObservable(), 'events$')
    this.aborts$ = named(this.events.pipe(
      filter(event => event.type === 'response'), filter(event => event.result === 'aborted'),
      map(event => event.request.target)), 'aborts$')
    this.timeouts$ = named(this.events.pipe(
      filter(event => event.type === 'timeout'), map(event => event.limit)), 'timeouts$')
    this.connection = null
    this.request = null
    this.reqds = []
    this.methods = []
    this.parser = new ResponseParser(() => this.methods.shift() ?? 'GET')
    this.decoder = new TextDecoder()
  }

  /** The requests that nobody has begun to answer, while the connection is open. */
  get unanswered(): Reqd[] {
    return this.reqds.filter(reqd => reqd.isWaiting)
  }

  /** @internal Opens the connection: `open` makes it. */
  open(open: (transport: TestTransport) => HttpConnection | null): void {
    this.connection = open(this.transport)
  }

  /** @internal */
  sends(message: Message['notification']): void {
    if (message.kind === 'C') this.transport.arrive('end')
    else if (message.kind === 'E') this.transport.arrive('reset')
    else this.transport.arrive(bytesOf(message.value as string | Uint8Array))
  }

  /** @internal */
  reads(amount: number | boolean): void {
    this.transport.reads(amount)
  }

  /** @internal Something happened on the connection. */
  happened(event: ConnectionEvent): void {
    if (event.type === 'request') {
      this.request = event.request
      this.methods.push(event.request.method)
    }
    this.events.next(event)
  }

  /** @internal A request came: its response is watched. */
  requested(reqd: Reqd, fail: (error: Error) => void): void {
    this.reqds.push(reqd)
    this.watch(reqd, fail)
    this.requests.next(reqd)
  }

  received(bytes: Uint8Array): void {
    this.chunks.next(bytes)
    this.output.next(this.decoder.decode(bytes, { stream: true }))
    this.parse(() => this.parser.push(bytes))
  }

  ended(): void {
    this.parse(() => [this.parser.end() ?? []].flat())
    for (const subject of [this.chunks, this.output, this.responses]) subject.complete()
  }

  closed(breaker: 'client' | 'server' | null): void {
    if (breaker === null) this.ended()
    else this.fail(new ConnectionResetError(breaker))
    this.closing.next(breaker === null ? 'closed' : 'reset')
    this.closing.complete()
  }

  paused(isPaused: boolean): void {
    this.pauses.next(isPaused ? 'pause' : 'resume')
  }

  private fail(error: Error): void {
    for (const subject of [this.chunks, this.output, this.responses]) subject.error(error)
  }

  private parse(read: () => TestResponse[]): void {
    try {
      for (const response of read()) this.responses.next(response)
    } catch (error) {
      this.responses.error(error)
    }
  }

  /** Listens to the demand of the response, whichever way it is given. */
  private watch(reqd: Reqd, fail: (error: Error) => void): void {
    const respond = reqd.respond.bind(reqd)
    const respondWithStreaming = reqd.respondWithStreaming.bind(reqd)
    reqd.respond = reply => {
      if (!this.settlesPromises && isAsyncSource(reply.body)) {
        fail(new AsyncCodeError(`The response to ${nameOf(reqd)} is pulled with promises`))
      }
      respond(this.watched(reply))
    }
    reqd.respondWithStreaming = (response, options) => {
      const subject = respondWithStreaming(response, options)
      subject.ready$.subscribe(wanted => { this.demand.next(wanted) })
      return subject
    }
  }

  private watched(reply: Reply): Reply {
    const { body } = reply
    if (typeof body !== 'function') return reply
    const listen = tap((wanted: number) => { this.demand.next(wanted) })
    return { ...reply, body: (ready$, ...rest) => body(ready$.pipe(listen), ...rest) }
  }
}

/** Returns the request in a few words. */
export function nameOf(reqd: Reqd): string {
  return `${reqd.method} ${reqd.target}`
}

/** What a client does, and when. */
export interface Script {
  /** The frame at which it connects. */
  readonly opens: number
  readonly sends: readonly Message[]
  readonly reads: readonly { readonly frame: number; readonly amount: number | boolean }[]
  /** What the test says of all its clients, unless given. */
  readonly takes?: Taking | undefined
}

/** Reads the diagrams of a client: `^` in the first is where it connects. */
export function scriptOf(sends: string, values: ClientValues, { reads = '', takes }: ClientOptions): Script {
  const caret = sends.indexOf('^')
  const opens = caret < 0 ? 0 : lengthOf(sends.slice(0, caret))
  const messages = parse(sends.replace('^', '-'), { ...values })
  const amounts = parse(reads, { o: true, x: false, ...values })
  return {
    opens,
    takes,
    sends: messages.map(message => checked(message, sends, ['string', 'object'])),
    reads: amounts.map(message => {
      const { frame, notification } = checked(message, reads, ['number', 'boolean'])
      return { frame, amount: (notification as { value: number | boolean }).value }
    }),
  }
}

function parse(marbles: string, values: ClientValues): Message[] {
  return TestScheduler.parseMarbles(marbles, values, undefined, false, true)
}

function lengthOf(marbles: string): number {
  return parse(`${marbles}|`, {}).at(-1)?.frame ?? 0
}

function checked(message: Message, marbles: string, types: readonly string[]): Message {
  const { notification } = message
  if (notification.kind !== 'N' || types.includes(typeof notification.value)) return message
  throw new TypeError(`a letter of the diagram '${marbles}' has no value of the type ${types.join(' or ')}`)
}
