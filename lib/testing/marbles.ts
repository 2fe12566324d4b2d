/**
 * `marbles`: a test in virtual time.
 */
import type { RunHelpers } from 'rxjs/testing'
import type { ListenOptions } from '../node/listen-options.js'
import type { Handler } from '../reactive/reqd.js'
import { AsyncCodeError, isThenable, silence, withoutPromises } from './async-guard.js'
import type { WebSocketConnection } from '../ws/connection.js'
import type { WebSocketOptions } from '../ws/options.js'
import { scriptOf, type ClientOptions, type ClientValues } from './test-client.js'
import { TestServer, UnansweredError } from './test-server.js'
import { performWebSocket, TestWebSocket } from './test-web-socket.js'
import { MarbleScheduler } from './virtual-time.js'

/** Ten minutes: longer than any time limit of a server is by default. */
const END_OF_TIME = 600_000

/** What a test gets: what `TestScheduler.run` gives, and servers. */
export interface MarbleHelpers extends Omit<RunHelpers, 'expectObservable' | 'expectSubscriptions'> {
  /** As in RxJS. Where it fails, the message shows both diagrams. */
  readonly expectObservable: MarbleScheduler['expectObservable']
  /** As in RxJS. Where it fails, the message shows both diagrams. */
  readonly expectSubscriptions: MarbleScheduler['expectSubscriptions']
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
export interface WebSocketClientOptions extends ClientOptions, Omit<WebSocketOptions, 'protocols' | 'origins'> {}

/** How a test runs. */
export interface MarbleOptions {
  /** The frame at which time ends, in milliseconds: 600,000, ten minutes. Nothing later is seen. */
  readonly until?: number
  /** Whether requests may be unanswered when time ends. They are taken for a handler that waits for a promise. */
  readonly unanswered?: boolean
}

/**
 * Runs a test in virtual time: `TestScheduler.run` with servers. A frame of a diagram is a millisecond; time passes
 * when the test function is over, until nothing is left to do or `until`. Then all expectations are compared.
 *
 * @throws {@link MarbleError} where something is not as expected
 * @throws {@link AsyncCodeError} where the test or what it tests waits for a promise
 * @throws {@link UnansweredError} where a request is not answered
 */
export function marbles(test: (helpers: MarbleHelpers) => unknown, options: MarbleOptions = {}): void {
  const { until = END_OF_TIME, unanswered = false } = options
  const scheduler = new MarbleScheduler()
  const servers: TestServer[] = []
  const create = (handler: Handler | null, given: ListenOptions = {}): TestServer => {
    const server = new TestServer(handler, given, scheduler)
    scheduler.notes.push(() => server.notes())
    servers.push(server)
    return server
  }
  const run = (helpers: RunHelpers): void => {
    scheduler.maxFrames = until
    const result = test({
      ...helpers,
      expectObservable: scheduler.expectObservable.bind(scheduler),
      expectSubscriptions: scheduler.expectSubscriptions.bind(scheduler),
      serve: (handler, given) => create(handler, given),
      listen: given => create(null, given),
      webSocket: (handler, sends, values = {}, given = {}) => {
        const client = new TestWebSocket(given)
        const script = scriptOf(sends, values, given)
        scheduler.whenRunning(() => { performWebSocket(client, script, scheduler, handler) })
        return client
      },
    })
    if (isThenable(result)) refuse(result)
  }
  withoutPromises(() => { scheduler.run(run) })
  const open = unanswered ? [] : servers.flatMap(server => server.unanswered)
  if (open.length > 0) throw new UnansweredError(open, Math.min(until, scheduler.frame))
}

function refuse(result: PromiseLike<unknown>): never {
  silence(result)
  throw new AsyncCodeError('The test function returned a promise')
}
