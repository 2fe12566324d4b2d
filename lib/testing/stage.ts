/**
 * The helpers of a test in virtual time, synchronous or not: RxJS's own, servers, and WebSocket clients.
 */
import type { RunHelpers } from 'rxjs/testing'
import { BOOLEAN, checkOptions, COUNT, FUNCTION, oneOf } from '../connection/option-check.js'
import type { ListenOptions } from '../node/listen-options.js'
import type { Handler } from '../reactive/streamed-reqd.js'
import type { WebSocketConnection } from '../ws/web-socket-connection.js'
import type { WebSocketOptions } from '../ws/web-socket-options.js'
import type { Activity } from './activity.js'
import { scriptOf, type ClientOptions, type ClientValues } from './client-script.js'
import { nameOf } from './show.js'
import type { TestClient } from './test-client.js'
import { UnansweredError } from './test-errors.js'
import { TestServer } from './test-server.js'
import { TAKING, type Taking } from './test-transport.js'
import { performWebSocket, TestWebSocket } from './test-web-socket.js'
import type { HeldExpectation, MarbleScheduler } from './virtual-time.js'

/** Ten minutes: longer than any default time limit of a server. */
const END_OF_TIME = 600_000

/** The helpers of a test: those of `TestScheduler.run`, and servers. */
export interface MarbleHelpers extends Omit<RunHelpers, 'expectObservable' | 'expectSubscriptions'> {
  /** As in RxJS. A failure message shows both diagrams. */
  readonly expectObservable: MarbleScheduler['expectObservable']
  /** As in RxJS. A failure message shows both diagrams. */
  readonly expectSubscriptions: MarbleScheduler['expectSubscriptions']
  /**
   * Expects that an Observable neither emits nor ends for a number of milliseconds from a frame on (default: 0). It is
   * subscribed at once.
   */
  readonly expectNothing: MarbleScheduler['expectNothing']
  /**
   * Expects the number of pending bytes at the end of each frame of a diagram: of responses that the client has not
   * taken (`'output'`, the default), or of bytes sent by the client that the server has not read (`'input'`).
   */
  readonly expectHeld: (client: TestClient, side?: 'output' | 'input') => HeldExpectation
  /** Makes a server with a handler. The options are those of `serve`; the place to listen on is ignored. */
  readonly serve: (handler: Handler, options?: ListenOptions) => TestServer
  /**
   * Makes a WebSocket client, whose connection the handler receives when it connects, at `^` or at frame 0. Its letters
   * are messages, `|` is a close, `#` a broken connection. Its `reads` diagram counts messages instead of bytes.
   */
  readonly webSocket: (
    handler: (connection: WebSocketConnection) => void,
    sends: string, values?: ClientValues, options?: WebSocketClientOptions,
  ) => TestWebSocket
  /** Makes a server without a handler: subscribers of its connections' `requests$` handle the requests. */
  readonly listen: (options?: ListenOptions) => TestServer
}

/** The options of a WebSocket connection and of its client. */
export interface WebSocketClientOptions
  extends Pick<ClientOptions, 'reads'>, Omit<WebSocketOptions, 'protocols' | 'origins'> {}

/** The options of a test. */
export interface MarbleOptions {
  /** The frame at which time ends, in milliseconds. Default: 600,000 (ten minutes). Later events are not recorded. */
  readonly until?: number
  /**
   * Whether requests may be unanswered when time ends, and responses and WebSockets wait for real timers or I/O.
   * Default: no; the handler probably waits for a promise.
   */
  readonly unanswered?: boolean
  /**
   * Whether `setTimeout`, `setInterval`, `setImmediate`, `Date`, `performance.now`, `AbortSignal.timeout` and
   * `node:timers` use virtual time while the test runs. Default: `'real'`.
   */
  readonly timers?: 'real' | 'virtual'
  /**
   * The default of {@link ClientOptions.takes}: when a server learns that a client took a write, `'at once'` as with
   * TCP (default), or `'later'` as with TLS. A handler should pass its tests with both.
   */
  readonly takes?: Taking
  /** Called with the pending work when time has run out. @internal */
  readonly ended?: (pending: readonly string[]) => void
}

/** The valid values of the options. */
const MARBLE_KINDS = {
  until: COUNT, unanswered: BOOLEAN, timers: oneOf('real', 'virtual'), takes: TAKING, ended: FUNCTION,
}

/** @throws {@link LocalProtocolError} badRange, badOption: an invalid value, or a misspelt option name */
export function checkMarbleOptions(options: MarbleOptions): void {
  checkOptions(options, MARBLE_KINDS)
}

/** The servers of one test. */
export class Stage {
  readonly scheduler: MarbleScheduler
  readonly until: number
  private readonly takes: Taking
  private readonly options: MarbleOptions
  private readonly activity: Activity | null
  private readonly servers: TestServer[]
  private readonly webSockets: TestWebSocket[]

  constructor(scheduler: MarbleScheduler, options: MarbleOptions, activity: Activity | null) {
    this.scheduler = scheduler
    this.until = options.until ?? END_OF_TIME
    this.takes = options.takes ?? 'at once'
    this.options = options
    this.activity = activity
    this.servers = []
    this.webSockets = []
    if (activity !== null) scheduler.notes.push(() => activity.pending())
  }

  /** Adds to RxJS's helpers. */
  helpers(helpers: RunHelpers): MarbleHelpers {
    const { scheduler } = this
    scheduler.maxFrames = this.until
    return {
      ...helpers,
      expectObservable: scheduler.expectObservable.bind(scheduler),
      expectSubscriptions: scheduler.expectSubscriptions.bind(scheduler),
      expectNothing: scheduler.expectNothing.bind(scheduler),
      expectHeld: (client, side = 'output') => {
        return scheduler.expectSamples(`${client.address}, held ${side}`, () => client.heldBytes(side))
      },
      serve: (handler, given) => this.create(handler, given),
      listen: given => this.create(null, given),
      webSocket: (handler, sends, values = {}, given = {}) => {
        const client = new TestWebSocket(given, `WebSocket ${this.webSockets.length + 1}`)
        this.webSockets.push(client)
        const script = scriptOf(sends, values, given)
        const { activity } = this
        const owned: typeof handler = activity === null ? handler : connection => {
          activity.ownedBy(client.name, () => { handler(connection) })
        }
        scheduler.whenRunning(() => { performWebSocket(client, script, scheduler, owned) })
        return client
      },
    }
  }

  /** @throws {@link UnansweredError} a request is unanswered, or a response or a WebSocket cannot go on */
  checkAnswers(): void {
    if (this.options.unanswered === true) return
    const { activity } = this
    const end = Math.min(this.until, this.scheduler.frame)
    const open = this.servers.flatMap(server => server.unanswered)
    const names = open.map(nameOf)
    if (open.length > 0) throw new UnansweredError('answered', names, end, activity?.pending() ?? null)
    // A response may go on without end, but not one whose source waits for what never comes.
    this.checkNotStuck('completed the response to', this.servers.flatMap(server => server.unfinished).map(nameOf), end)
    this.checkNotStuck('closed', this.webSockets.filter(({ isOpen }) => isOpen).map(({ name }) => name), end)
  }

  private checkNotStuck(missing: 'completed the response to' | 'closed', names: string[], end: number): void {
    const stuck = names.filter(name => this.pendingOf(name).length > 0)
    const pending = [...new Set(stuck.flatMap(name => this.pendingOf(name)))]
    if (stuck.length > 0) throw new UnansweredError(missing, stuck, end, pending)
  }

  private pendingOf(name: string): string[] {
    return this.activity?.pending(name) ?? []
  }

  /** Cuts all connections: the test is over. */
  cut(): void {
    for (const server of this.servers) server.cut()
    for (const webSocket of this.webSockets) webSocket.terminate()
  }

  private create(handler: Handler | null, given: ListenOptions = {}): TestServer {
    const { scheduler, activity, takes } = this
    const server = new TestServer(handler, given, { scheduler, activity, takes })
    this.scheduler.notes.push(() => server.notes())
    this.servers.push(server)
    return server
  }
}
