/**
 * The client of a WebSocket connection in a test, for handlers of `WebSocketConnection`.
 *
 * Strategy: from messages inwards it is the real connection's code. It takes the place of the socket with its frames,
 * pings and compression (ws/socket.ts), so that a diagram has messages as its values.
 */
import { Subject, type Observable } from 'rxjs'
import type { WebSocketClosure, WebSocketMessage } from '../ws/message.js'
import { Session } from '../ws/session.js'
import { WebSocketConnection } from '../ws/web-socket-connection.js'
import type { MessageOutput, WebSocketLike } from '../ws/web-socket-like.js'
import { settingsOf, type WebSocketOptions } from '../ws/web-socket-options.js'
import { bytesOf } from './bytes.js'
import type { Script } from './client-script.js'
import { labelled, type MarbleScheduler } from './virtual-time.js'

/** A WebSocket client of a test. */
export class TestWebSocket implements WebSocketLike, MessageOutput {
  /** The server's messages, as the client reads them; completes with the connection. */
  readonly received$: Observable<WebSocketMessage>
  /** The emissions of the connection's `ready$`. */
  readonly ready$: Observable<number>
  /** How the connection ended. */
  readonly closed$: Observable<WebSocketClosure>
  /** Errors of the application. */
  readonly errors$: Observable<unknown>
  /** @internal */
  readonly connection: WebSocketConnection
  /** @internal The name in failures. */
  readonly name: string
  /** @internal Whether the connection was opened and has not ended. */
  isOpen: boolean
  /** @internal */
  readonly messages: MessageOutput
  bufferedAmount: number
  /** Always 0: bytes and pings belong to the layer of frames, which is absent here. */
  readonly receivedBytes: number
  /** Always 0, as {@link receivedBytes}. */
  readonly writtenBytes: number
  /** Always false: no bytes wait here. */
  readonly isHolding: boolean
  private readonly session: Session
  private readonly received: Subject<WebSocketMessage>
  private readonly demand: Subject<number>
  private readonly ending: Subject<WebSocketClosure>
  private readonly errors: Subject<unknown>
  private readonly queue: WebSocketMessage[]
  private credit: number
  private close$: (() => void) | null

  constructor(options: WebSocketOptions, name: string) {
    const settings = settingsOf({ ...options, pingIntervalMs: 0 })
    this.received = new Subject()
    this.demand = new Subject()
    this.ending = new Subject()
    this.errors = new Subject()
    this.received$ = labelled(this.received.asObservable(), 'WebSocket, received$')
    this.ready$ = labelled(this.demand.asObservable(), 'WebSocket, ready$')
    this.closed$ = labelled(this.ending.asObservable(), 'WebSocket, closed$')
    this.errors$ = labelled(this.errors.asObservable(), 'WebSocket, errors$')
    this.session = new Session(settings, { report: error => { this.errors.next(error) }, happened: () => undefined })
    this.connection = new WebSocketConnection(this.session, '', settings.marks)
    this.messages = this
    this.name = name
    this.isOpen = false
    this.bufferedAmount = 0
    this.receivedBytes = 0
    this.writtenBytes = 0
    this.isHolding = false
    this.queue = []
    this.credit = Infinity
    this.close$ = null
  }

  /** @internal Opens the connection and passes it to the handler. */
  open(handler: (connection: WebSocketConnection) => void): void {
    this.connection.closed$.subscribe(() => { this.ended() })
    this.connection.ready$.subscribe(wanted => { this.demand.next(wanted) })
    this.session.requestDone()
    this.session.opened(this)
    this.isOpen = this.connection.closure === null
    handler(this.connection)
  }

  /** @internal */
  sends(message: Script['sends'][number]['notification']): void {
    if (message.kind === 'N') return this.session.received(message.value as WebSocketMessage)
    const isClean = message.kind === 'C'
    if (isClean) this.session.closing(1000)
    this.session.closed(isClean ? 1000 : 1006, '')
  }

  /** @internal From now on the client reads everything (true), nothing (false), or `amount` messages more. */
  reads(amount: number | boolean): void {
    if (typeof amount === 'boolean') this.credit = amount ? Infinity : 0
    else this.credit = (this.credit === Infinity ? 0 : this.credit) + amount
    this.deliverAll()
  }

  send(message: WebSocketMessage): void {
    this.queue.push(message)
    this.bufferedAmount += bytesOf(message).length
    this.deliverAll()
  }

  ping(): void {
    // There are no pings: see `receivedBytes`.
  }

  /** The client's messages come when its diagram says so. */
  admit(): void {
    // Nothing waits here.
  }

  close(code: number, reason: string): void {
    this.close$ = () => { this.session.closed(code, reason) }
    this.deliverAll()
  }

  terminate(): void {
    this.session.closed(1006, '')
  }

  /** Messages are delivered at once, so there is nothing to flush. */
  flush(): boolean {
    return true
  }

  private deliverAll(): void {
    while (this.credit > 0 && this.queue.length > 0) this.deliver(this.queue.shift() ?? '')
    if (this.queue.length > 0 || this.close$ === null) return
    const close = this.close$
    this.close$ = null
    close()
  }

  private deliver(message: WebSocketMessage): void {
    this.credit--
    this.bufferedAmount -= bytesOf(message).length
    this.received.next(message)
    this.session.outbox.drained()
  }

  private ended(): void {
    const { closure } = this.connection
    this.isOpen = false
    if (closure !== null) this.ending.next(closure)
    this.ending.complete()
    this.received.complete()
  }
}

/** Performs the script of the client. */
export function performWebSocket(
  client: TestWebSocket, { opens, reads, sends }: Script, scheduler: MarbleScheduler,
  handler: (connection: WebSocketConnection) => void,
): void {
  const at = (frame: number, act: () => void): void => { scheduler.schedule(act, frame) }
  // Scheduled first, because a handler may write as soon as it receives the connection.
  for (const { frame, amount } of reads) at(frame, () => { client.reads(amount) })
  at(opens, () => { client.open(handler) })
  for (const { frame, notification } of sends) at(frame, () => { client.sends(notification) })
}
