/**
 * Watches the demand of one response: what its source is asked for, and whether it answers.
 *
 * Strategy: the points at which a source is asked are wrapped, for each kind of source: `ready$`, the subject of
 * `respondWithStreaming`, and the iterators and readers that are pulled.
 */
import { tap } from 'rxjs'
import type { BodySource, Reply } from '../reactive/reply.js'
import type { BodySubject } from '../reactive/response-body/body-subject.js'
import type { Reqd } from '../reactive/streamed-reqd.js'
import { isPromise } from '../thrown.js'
import { nameOf } from './show.js'

/** Receives the demand, and tells the time. */
export interface DemandHost {
  readonly address: string
  /** Whether promises settle; otherwise nothing can be pulled with them. */
  readonly settlesPromises: boolean
  /** Returns the frame. */
  now(): number
  /** `ready$` emitted. */
  wanted(bytes: number): void
  /** A response is about to begin. */
  responding(reqd: Reqd, reply: Reply): void
}

type Settled<T> = ((value: T) => unknown) | null | undefined

/** An iterator or a reader. */
interface Asked {
  next?(): unknown
  read?(): unknown
}

/** Watches one request. */
export class WatchedDemand {
  private readonly reqd: Reqd
  private readonly host: DemandHost
  /** The latest unanswered demand. */
  private open: { readonly what: string; readonly frame: number } | null
  /** Whether the response has ended. */
  isOver: boolean

  constructor(reqd: Reqd, host: DemandHost) {
    this.reqd = reqd
    this.host = host
    this.open = null
    this.isOver = false
    this.watch()
  }

  /** Returns a sentence on the unanswered demand, if there is one. */
  get notes(): string[] {
    if (this.open === null || this.isOver) return []
    const { what, frame } = this.open
    return [`The source of the response to ${nameOf(this.reqd)} (${this.host.address}) was asked for ${what} at frame `
      + `${frame}, and has not answered`]
  }

  /** The response has ended. */
  ended(): void {
    this.isOver = true
  }

  private watch(): void {
    const { reqd, host } = this
    const respond = reqd.respond.bind(reqd)
    const respondWithStreaming = reqd.respondWithStreaming.bind(reqd)
    reqd.respond = reply => {
      host.responding(reqd, reply)
      const body = this.watched(reply.body)
      respond(body === reply.body ? reply : { ...reply, body } as Reply)
    }
    reqd.respondWithStreaming = (response, options) => this.watchSubject(respondWithStreaming(response, options))
  }

  private watched(body: BodySource | undefined): BodySource | undefined {
    if (typeof body === 'function') return this.driven(body)
    if (typeof body === 'object' && this.host.settlesPromises) {
      this.watchMethod(body, Symbol.asyncIterator, 'next')
      this.watchMethod(body, 'getReader', 'read')
    }
    return body
  }

  private driven(body: Extract<BodySource, (...args: never[]) => unknown>): BodySource {
    return (ready$, ...rest) => {
      const made = body(ready$.pipe(tap(wanted => { this.asked(wanted) })), ...rest)
      const isPiped = typeof (made as Partial<typeof made> | null)?.pipe === 'function'
      // What is no Observable is refused as by a server.
      return isPiped ? made.pipe(tap(() => { this.open = null })) : made
    }
  }

  private watchSubject(subject: BodySubject): BodySubject {
    const write = subject.write.bind(subject)
    subject.ready$.subscribe(wanted => { this.asked(wanted) })
    subject.write = chunk => {
      this.open = null
      return write(chunk)
    }
    return subject
  }

  /** Wraps a method that returns an iterator or a reader, so that its pulls are watched. */
  private watchMethod(body: object, method: string | symbol, pull: 'next' | 'read'): void {
    const make: unknown = Reflect.get(body, method)
    if (typeof make !== 'function') return
    const value = (...args: unknown[]): unknown => {
      const made = Reflect.apply(make, body, args) as Asked
      const next = made[pull]?.bind(made)
      if (next !== undefined) Reflect.defineProperty(made, pull, { configurable: true, value: () => this.pulled(next) })
      return made
    }
    Reflect.defineProperty(body, method, { configurable: true, writable: true, value })
  }

  private pulled(next: () => unknown): unknown {
    const result = next()
    if (!isPromise(result)) return result
    const answering = <T>(answered: Settled<T>) => (value: T): unknown => {
      this.open = null
      return answered?.(value)
    }
    this.open = { what: 'its next chunk', frame: this.host.now() }
    // Waited for once: a thenable may do its work at each `then`.
    const then: PromiseLike<unknown>['then'] = (onFulfilled, onRejected) =>
      result.then(answering(onFulfilled), answering(onRejected)) as PromiseLike<never>
    return { then }
  }

  private asked(wanted: number): void {
    this.open = { what: `${wanted} bytes`, frame: this.host.now() }
    this.host.wanted(wanted)
  }
}
