/**
 * One event to many clients over bare sockets: the same bytes, without a server. The events of one turn leave in one
 * write. This is the cost of the writes alone.
 */
import { isMessages, publishing, type Quote } from './fan-out.js'

/** Where bytes of one client go, one character for each. */
export type BareWrite = (text: string) => void

const EVENTS_HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n'
const MESSAGES_HEAD = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'
const TEXT_FRAME = 0x81

/** Writes the events of a scenario to any number of clients. */
export class BareFanOut {
  private readonly isMessages: boolean
  private readonly clients: Set<BareWrite>
  private turn: string

  /** It publishes from now on. */
  constructor(scenario: string) {
    this.isMessages = isMessages(scenario)
    this.clients = new Set()
    this.turn = ''
    publishing(scenario, quote => { this.publish(quote) })
  }

  /** Answers the request of a client, which gets events from then on. Returns how to stop that. */
  add(write: BareWrite): () => void {
    write(this.isMessages ? MESSAGES_HEAD : EVENTS_HEAD)
    this.clients.add(write)
    return () => { this.clients.delete(write) }
  }

  private publish(quote: Quote): void {
    if (this.turn === '') process.nextTick(() => { this.flush() })
    this.turn += this.isMessages ? frameOf(quote) : chunkOf(quote)
  }

  private flush(): void {
    const text = this.turn
    this.turn = ''
    for (const write of this.clients) write(text)
  }
}

function chunkOf({ id, data }: Quote): string {
  const text = `id: ${id}\ndata: ${data}\n\n`
  return `${text.length.toString(16)}\r\n${text}\r\n`
}

/** A message has fewer than 126 bytes. */
function frameOf({ data }: Quote): string {
  return String.fromCharCode(TEXT_FRAME, data.length) + data
}
