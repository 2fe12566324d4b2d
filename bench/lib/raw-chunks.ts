/**
 * The responses of {@link smallChunks} on a bare socket: what their sources and the writes alone cost.
 *
 * Strategy: a source is pulled in the cheapest way there is, and its chunks are only counted. The bytes that stand for
 * them, with their framing, were made before. They leave in as many writes as those of httprx, which has 16 KiB by
 * default wait for the client.
 */
import type { Drainable } from './chunk-writer.js'
import { CHUNK, COUNT, smallChunks } from './small-chunks.js'

const HEAD = `HTTP/1.1 200 OK\r\nDate: ${new Date().toUTCString()}\r\nTransfer-Encoding: chunked\r\n\r\n`
const FRAMED = `${CHUNK.length.toString(16)}\r\n${Buffer.from(CHUNK).toString('latin1')}\r\n`
const CHUNKS_AT_ONCE = Math.ceil(16 * 1024 / FRAMED.length)
const WHOLE = Buffer.from(`${HEAD}${FRAMED.repeat(COUNT)}0\r\n\r\n`)

/** Returns where the bytes of the first `count` chunks end. */
function endOf(count: number): number {
  return count === 0 ? 0 : HEAD.length + count * FRAMED.length
}

type Result = IteratorResult<Uint8Array, unknown>

interface Pullable {
  next(): Result | Promise<Result>
}

/** One response. */
class RawChunks {
  private readonly socket: Drainable
  private readonly source: Pullable
  private readonly take: (result: Result) => void
  private count: number
  private written: number

  constructor(socket: Drainable, source: Pullable) {
    this.socket = socket
    this.source = source
    this.take = this.taken.bind(this)
    this.count = 0
    this.written = 0
  }

  run(): void {
    for (;;) {
      const result = this.source.next()
      if ('then' in result) return void result.then(this.take)
      if (!this.accept(result)) return
    }
  }

  private taken(result: Result): void {
    if (this.accept(result)) this.run()
  }

  /** Returns whether there is more. */
  private accept({ done }: Result): boolean {
    if (done === true) this.writeTo(WHOLE.length)
    else if (++this.count % CHUNKS_AT_ONCE === 0) this.writeTo(endOf(this.count))
    return done !== true
  }

  private writeTo(end: number): void {
    this.socket.write(WHOLE.subarray(this.written, end))
    this.written = end
  }
}

/** Returns a function that sends a response; null if the scenario has other responses. */
export function rawChunks(scenario: string): ((socket: Drainable) => void) | null {
  if (!(scenario in smallChunks)) return null
  const make = smallChunks[scenario as keyof typeof smallChunks]
  return socket => { new RawChunks(socket, pullable(make())).run() }
}

/** The reader of a stream costs more than its iterator on some versions of Node, and less on others. */
function pullable(source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Pullable {
  return Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]()
}
