/**
 * The client of a connection in a test. It acts by its diagrams; what it observes is exposed as Observables for
 * `expectObservable`.
 */
import { filter, map, Subject, type Observable } from 'rxjs'
import type { HttpConnection } from '../reactive/http-connection.js'
import type { Reqd } from '../reactive/streamed-reqd.js'
import type { Limit } from '../runtime/deadlines.js'
import type { ConnectionEvent } from '../runtime/events.js'
import { isAsyncSource } from './async-guard.js'
import { bytesOf } from './bytes.js'
import type { Line } from './client-script.js'
import { type Message } from './expectation.js'
import { ResponseParser, type TestResponse } from './response-parser.js'
import { nameOf } from './show.js'
import { AsyncCodeError, ConnectionResetError } from './test-errors.js'
import { TestTransport, type Peer } from './test-transport.js'
import { Uplink } from './uplink.js'
import { labelled, type MarbleScheduler } from './virtual-time.js'
import { WatchedDemand, type DemandHost } from './watched-demand.js'

/**
 * A client of a test. `output$`, `chunks$`, `responses$` and `closed$` end with the connection; the others do not end.
 */
export class TestClient implements Peer {
  /** The address that the server sees: `client 1` for the first. */
  readonly address: string
  /**
   * The server's output as text, as it is read; completes when the server half-closes, errors if the connection is cut.
   */
  readonly output$: Observable<string>
  /** As {@link output$}, in bytes. */
  readonly chunks$: Observable<Uint8Array>
  /** The output as responses, each at its last byte; also errors if the output ends within one. */
  readonly responses$: Observable<TestResponse>
  /** The requests, when their heads are complete. */
  readonly requests$: Observable<Reqd>
  /**
   * The emissions of `ready$` to the responses: of a body that is a function, or of `respondWithStreaming`'s subject.
   */
  readonly ready$: Observable<number>
  /** `pause` when the server stops reading, `resume` when it reads again. */
  readonly pauses$: Observable<'pause' | 'resume'>
  /** The targets of requests that end without a complete response. */
  readonly aborts$: Observable<string>
  /** The names of the time limits that are reached. */
  readonly timeouts$: Observable<Limit>
  /** How the connection ended; emits when it is closed in both directions, then completes. */
  readonly closed$: Observable<'closed' | 'reset'>
  /** The events of the connection. */
  readonly events$: Observable<ConnectionEvent>
  /** The connection; null before the client connects. */
  connection: HttpConnection | null
  /** The latest request. @internal */
  request: unknown
  /** The request that upgraded the connection, while that is open. */
  private upgraded: unknown
  private readonly scheduler: MarbleScheduler
  private readonly transport: TestTransport
  private readonly uplink: Uplink
  private readonly chunks: Subject<Uint8Array>
  private readonly output: Subject<string>
  private readonly responses: Subject<TestResponse>
  private readonly requests: Subject<Reqd>
  private readonly demand: Subject<number>
  private readonly pauses: Subject<'pause' | 'resume'>
  private readonly closing: Subject<'closed' | 'reset'>
  private readonly events: Subject<ConnectionEvent>
  private readonly reqds: Reqd[]
  private readonly demands: Map<unknown, WatchedDemand>
  private readonly methods: string[]
  private readonly parser: ResponseParser
  private readonly decoder: InstanceType<typeof TextDecoder>

  constructor(address: string, scheduler: MarbleScheduler, line: Line) {
    const named = <T>(subject: Observable<T>, name: string): Observable<T> => labelled(subject, `${address}, ${name}`)
    this.address = address
    this.scheduler = scheduler
    this.transport = new TestTransport(this, scheduler, address, line)
    this.uplink = new Uplink(scheduler, line.sendRate ?? Infinity, arrival => { this.transport.arrive(arrival) })
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
    this.upgraded = null
    this.reqds = []
    this.demands = new Map()
    this.methods = []
    this.parser = new ResponseParser(() => this.methods.shift() ?? 'GET')
    this.decoder = new TextDecoder()
  }

  /** The requests of the open connection without a response. */
  get unanswered(): Reqd[] {
    return this.reqds.filter(reqd => reqd.isWaiting)
  }

  /** The requests whose responses, or upgraded connections, have begun and not ended. @internal */
  get unfinished(): Reqd[] {
    return this.reqds.filter(({ isWaiting, request }) => {
      return request === this.upgraded || !isWaiting && this.demands.get(request)?.isOver === false
    })
  }

  /**
   * The number of pending bytes: of responses in the server that this client has not taken (`output`), or of bytes that
   * it sent and the server has not read (`input`).
   */
  heldBytes(side: 'output' | 'input'): number {
    if (side === 'input') return this.transport.unreadBytes
    return this.connection === null ? 0 : this.connection.pendingBytes - this.transport.takenBytes
  }

  /** @internal Connects; `open` makes the connection. */
  open(open: (transport: TestTransport) => HttpConnection | null): void {
    this.connection = open(this.transport)
  }

  /** @internal */
  sends(message: Message['notification']): void {
    if (message.kind === 'C') this.uplink.send('end')
    else if (message.kind === 'E') this.uplink.send('reset')
    else this.uplink.send(bytesOf(message.value as string | Uint8Array))
  }

  /** @internal */
  reads(amount: number | boolean): void {
    this.transport.reads(amount)
  }

  /** @internal Receives an event of the connection. */
  happened(event: ConnectionEvent): void {
    if (event.type === 'request') {
      this.request = event.request
      this.methods.push(event.request.method)
    } else if (event.type === 'response') {
      this.demands.get(event.request)?.ended()
    } else if (event.type === 'upgrade' || event.type === 'close') {
      this.upgraded = event.type === 'upgrade' ? event.request : null
    }
    this.events.next(event)
  }

  /** @internal Receives a request and watches its response. */
  requested(reqd: Reqd): void {
    this.reqds.push(reqd)
    this.demands.set(reqd.request, new WatchedDemand(reqd, this.demandHost))
    this.requests.next(reqd)
  }

  /** @internal Notes that help to understand a failed expectation. */
  get notes(): string[] {
    return [...this.demands.values()].flatMap(demand => demand.notes)
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

  /** Receives the demand of a response. */
  private get demandHost(): DemandHost {
    const { address, demand, scheduler } = this
    return {
      address,
      settlesPromises: scheduler.settlesPromises,
      now: () => scheduler.frame,
      wanted: bytes => { demand.next(bytes) },
      responding: (reqd, { body }) => {
        if (scheduler.settlesPromises || !isAsyncSource(body)) return
        scheduler.fail(new AsyncCodeError(`The response to ${nameOf(reqd)} is pulled with promises`))
      },
    }
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
}
