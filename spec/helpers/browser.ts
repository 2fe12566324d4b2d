/**
 * Clients that reconnect: a browser's EventSource, as the standard defines it, and a page that reopens its WebSocket.
 */
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { setTimeout } from 'node:timers/promises'
import { createParser, type EventSourceMessage } from 'eventsource-parser'
import { filter, firstValueFrom, Subject, timeout } from 'rxjs'
import { WebSocket } from 'ws'

/** The longest wait, in milliseconds: shorter than that of a test, so that a failure says what was missing. */
const PATIENCE_MS = 50_000

/** The default time before they reconnect. */
const RETRY_MS = 10

/** A listener that reconnects when the connection ends, with the id of its last event. */
abstract class Listener {
  readonly events: EventSourceMessage[]
  /** How often it was connected. */
  connections: number
  protected lastId: string | undefined
  protected isOver: boolean
  private readonly heard: Subject<void>

  constructor() {
    this.events = []
    this.connections = 0
    this.isOver = false
    this.heard = new Subject()
  }

  get data(): string[] {
    return this.events.map(({ data }) => data)
  }

  /** Resolves when it has that many events. */
  async has(count: number): Promise<this> {
    await this.when(() => this.events.length >= count, `${count} events`)
    return this
  }

  /** Resolves when it is connected for the time of that number. */
  async connected(count = 1): Promise<this> {
    await this.when(() => this.connections >= count, `connection ${count}`)
    return this
  }

  protected hear(event: EventSourceMessage): void {
    this.lastId = event.id ?? this.lastId
    this.events.push(event)
    this.heard.next()
  }

  protected isConnected(): void {
    this.connections++
    this.heard.next()
  }

  private async when(holds: () => boolean, wanted: string): Promise<void> {
    if (holds()) return
    const missing = (): never => {
      const { events, connections, lastId = 'none' } = this
      throw new Error(`no ${wanted}: ${events.length} events, the last has id ${lastId}; ${connections} connections`)
    }
    await firstValueFrom(this.heard.pipe(filter(holds), timeout({ first: PATIENCE_MS, with: missing })))
  }
}

/** A browser with an EventSource. */
export class Browser extends Listener {
  /** The field `x-process` of the last response. */
  process: number
  private readonly url: string
  private retryMs: number
  private response: IncomingMessage | null
  private readonly done: Promise<void>

  constructor(url: string) {
    super()
    this.process = 0
    this.url = url
    this.retryMs = RETRY_MS
    this.response = null
    this.done = this.run()
  }

  /** Closes the EventSource. */
  async leave(): Promise<void> {
    this.isOver = true
    this.response?.destroy()
    await this.done
  }

  private async run(): Promise<void> {
    while (!this.isOver) {
      await this.listen().catch(() => { /* It reconnects. */ })
      await setTimeout(this.retryMs)
    }
  }

  private async listen(): Promise<void> {
    const headers = this.lastId === undefined ? {} : { 'last-event-id': this.lastId }
    const [response] = await once(get(this.url, { headers, agent: false }), 'response') as [IncomingMessage]
    this.response = response
    this.process = Number(response.headers['x-process'])
    const parser = createParser({ onEvent: event => { this.hear(event) }, onRetry: ms => { this.retryMs = ms } })
    response.setEncoding('utf8').on('data', (text: string) => { parser.feed(text) }).on('error', () => undefined)
    this.isConnected()
    await once(response, 'close')
    // A block without an empty line after it is not an event.
    parser.reset()
  }
}

/** A page with a WebSocket to a `hubSocket`: each message is an event as JSON. */
export class SocketPage extends Listener {
  private readonly url: string
  private socket: WebSocket | null
  private readonly done: Promise<void>

  constructor(url: string) {
    super()
    this.url = url.replace('http', 'ws')
    this.socket = null
    this.done = this.run()
  }

  /** Closes the page. */
  async leave(): Promise<void> {
    this.isOver = true
    this.socket?.terminate()
    await this.done
  }

  private async run(): Promise<void> {
    while (!this.isOver) {
      const query = this.lastId === undefined ? '' : `?after=${this.lastId}`
      const socket = this.socket = new WebSocket(this.url + query)
      socket.on('error', () => undefined).on('open', () => { this.isConnected() })
      socket.on('message', (text: Buffer) => { this.take(JSON.parse(String(text)) as SocketEvent) })
      await new Promise(resolve => { socket.once('close', resolve) })
      await setTimeout(RETRY_MS)
    }
  }

  private take({ data, ...event }: SocketEvent): void {
    this.hear({ ...event, data: typeof data === 'string' ? data : JSON.stringify(data) })
  }
}

interface SocketEvent {
  readonly id: string
  readonly event?: string
  readonly data: unknown
}
