/**
 * What a test in virtual time is given, whichever way it runs: RxJS's helpers, servers, and clients of WebSockets.
 */
import type { RunHelpers } from 'rxjs/testing'
import { BOOLEAN, checkOptions, COUNT, FUNCTION, oneOf } from '../connection/option-check.js'
import type { ListenOptions } from '../node/listen-options.js'
import type { Handler } from '../reactive/streamed-reqd.js'
import type { WebSocketConnection } from '../ws/web-socket-connection.js'
import type { WebSocketOptions } from '../ws/web-socket-options.js'
import type { Activity } from './activity.js'
import { scriptOf, type ClientOptions, type ClientValues, type TestClient } from './test-client.js'
import { UnansweredError } from './test-errors.js'
import { TestServer } from './test-server.js'
import { TAKING, type Taking } from './test-transport.js'
import { performWebSocket, TestWebSocket } from './test-web-socket.js'
import type { HeldExpectation, MarbleScheduler } from './virtual-time.js'

/** Ten minutes: longer than any time limit of a server is by default. */
const END_OF_TIME = 600_000

/** What a test gets: what `TestScheduler.run` gives, and servers. */
export interface MarbleHelpers extends Omit<RunHelpers, 'expectObservable' | 'expectSubscriptions'> {
  /** As in RxJS. Where it fails, the message shows both diagrams. */
  readonly expectObservable: MarbleScheduler['expectObservable']
  /** As in RxJS. Where it fails, the message shows both diagrams. */
  readonly expectSubscriptions: MarbleScheduler['expectSubscriptions']
  /**
   * Expects that an Observable neither emits nor ends for so many milliseconds, from a frame on (0 unless given). It is
   * subscribed at once.
   */
  readonly expectNothing: MarbleScheduler['expectNothing']
  /**
   * Expects how many bytes wait at the frames of a diagram, when everything of the frame has happened: of responses, in
   * the server, for the client to take; or, as `'input'`, of what the client sent, for the server to read.
   */
  readonly expectHeld: (client: TestClient, side?: 'output' | 'input') => HeldExpectation
  /** A server whose requests the handler handles. Options are those of `serve`; where it listens does not matter. */
  readonly serve: (handler: Handler, options?: ListenOptions) => TestServer
  /**
   * A client of a WebSocket connection, which the handler gets when it connects: at `^`, or at frame 0. Its letters are
   * messages, `|` is a close, `#` a broken connection; it reads as other clients do, in messages and not in bytes.
   */
  readonly webSocket: (
    handler: (connection: WebSocketConnection) => void,
    sends: string, values?: ClientValues, options?: WebSocketClientOptions,
  ) => TestWebSocket
  /** A server whose requests are handled by whoever subscribes to `requests$` of its connections. */
  readonly listen: (options?: ListenOptions) => TestServer
}

/** The options of the connection, and how the client reads. */
export interface WebSocketClientOptions
  extends Pick<ClientOptions, 'reads'>, Omit<WebSocketOptions, 'protocols' | 'origins'> {}

/** How a test runs. */
export interface MarbleOptions {
  /** The frame at which time ends, in milliseconds: 600,000, ten minutes. Nothing later is seen. */
  readonly until?: number
  /** Whether requests may be unanswered when time ends. They are taken for a handler that waits for a promise. */
  readonly unanswered?: boolean
  /**
   * Whose time `setTimeout`, `setInterval`, `setImmediate`, `Date`, `performance.now`, `AbortSignal.timeout` and
   * `node:timers` have while the test runs: the machine's, unless `'virtual'`.
   */
  readonly timers?: 'real' | 'virtual'
  /**
   * When servers learn that a client took a write, for clients that say nothing else: `'at once'`, as of TCP, unless
   * `'later'`, as of TLS. What holds for one should hold for the other.
   */
  readonly takes?: Taking
  /** Hears, when time has run out, what is still waited for. @internal */
  readonly ended?: (pending: readonly string[]) => void
}

/** What the options take. */
const MARBLE_KINDS = {
  until: COUNT, unanswered: BOOLEAN, timers: oneOf('real', 'virtual'), takes: TAKING, ended: FUNCTION,
}

/** @throws {@link LocalProtocolError} badRange, badOption: a value that no option takes; a name that is nearly one */
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
        const client = new TestWebSocket(given)
        this.webSockets.push(client)
        const script = scriptOf(sends, values, given)
        scheduler.whenRunning(() => { performWebSocket(client, script, scheduler, handler) })
        return client
      },
    }
  }

  /** @throws {@link UnansweredError} where a request should have been answered */
  checkAnswers(): void {
    const open = this.options.unanswered === true ? [] : this.servers.flatMap(server => server.unanswered)
    if (open.length === 0) return
    const end = Math.min(this.until, this.scheduler.frame)
    throw new UnansweredError(open, end, this.activity === null ? null : this.activity.pending())
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
