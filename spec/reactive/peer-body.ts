/**
 * A request body whose bytes come from a test.
 */
import type { Observable } from 'rxjs'
import { ValueQueue } from '../../lib/buffer/value-queue.js'
import { BodyReader, type BodyReaderHost } from '../../lib/connection/body-reader.js'
import type { Headers } from '../../lib/message/headers.js'
import { RequestBody } from '../../lib/reactive/request-body/request-body.js'

export class PeerBody implements BodyReaderHost {
  readonly reader: BodyReader
  readonly body: RequestBody
  /** What consumers threw, and errors that they did not handle. */
  readonly errors: unknown[] = []
  /** How often bytes were requested. */
  wanted = 0
  /** How often the body was closed before its end. */
  closed = 0
  /** The chunks, each sent as soon as it is requested; null is the end. */
  private readonly waiting = new ValueQueue<Uint8Array | null>()

  constructor(contentLength: number | null = null) {
    this.reader = new BodyReader(this, contentLength)
    this.body = new RequestBody(this.reader, error => { this.errors.push(error) })
  }

  bodyWanted(): void {
    this.wanted++
    this.flow()
  }

  bodyUnwanted(): void {
    this.closed++
  }

  bodyCallbackFailed(_reader: BodyReader, exn: unknown): void {
    throw exn
  }

  /** Sends pieces, each as soon as it is requested. */
  send(...pieces: (string | Uint8Array)[]): this {
    for (const piece of pieces) this.waiting.push(typeof piece === 'string' ? new TextEncoder().encode(piece) : piece)
    this.flow()
    return this
  }

  /** Ends the body once everything was read. */
  end(): this {
    this.waiting.push(null)
    this.flow()
    return this
  }

  complete(trailers: Headers): void {
    this.reader.complete(trailers)
  }

  fail(error: unknown): void {
    this.reader.fail(error)
  }

  private flow(): void {
    if (!this.reader.isScheduled || this.waiting.length === 0) return
    const piece = this.waiting.shift()
    if (piece === null) this.reader.complete(null)
    else this.reader.deliver(piece, 'owned')
  }
}

/** The error that a body fails with. */
export const left = new Error('the client left')

/** Logs the values and the end of an Observable. */
export function log<T>(source: Observable<T>): unknown[] {
  const seen: unknown[] = []
  source.subscribe({
    next: value => seen.push(value),
    error: error => seen.push({ error }),
    complete: () => seen.push('complete'),
  })
  return seen
}

/** A client that sends by a marble diagram: letters are chunks, | is the end, and # is a failure. */
export function peerOf(hot: (marbles: string) => Observable<string>, marbles: string): PeerBody {
  const peer = new PeerBody()
  hot(marbles).subscribe({ next: text => peer.send(text), error: () => peer.fail(left), complete: () => peer.end() })
  return peer
}
