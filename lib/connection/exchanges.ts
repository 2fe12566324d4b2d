import { LocalProtocolError, type RemoteProtocolError } from '../errors.js'
import { requestIsPersistent } from '../message/persistence.js'
import type { Request } from '../message/request.js'
import type { BodyReader } from './body-reader.js'
import type { Config } from './config.js'
import type { ErrorHandler } from './error-handler.js'
import { InputSide, type InputHost } from './input-side.js'
import { OutputSide, type OutputHost } from './output-side.js'
import type { ReqdBase, ReqdHost } from './reqd.js'

/**
 * Where the two sides of a connection meet: requests go to the handler, failures to the error handler, and when a request
 * and its response are complete it is decided whether the connection goes on.
 *
 * Strategy: the sides tell what happened, and every decision is made here, from the states of both; `settle` is the one
 * that RFC 9112 §9.3 is about. Whatever ends the connection closes both sides at once: input is not consumed any more, and
 * queued output is still written.
 */

/** Makes the request descriptor of a request; `reader` is null where it has no body. @internal */
export type MakeReqd<R extends ReqdBase> = (host: ReqdHost, request: Request, reader: BodyReader | null) => R

/** Whom requests go to. @internal */
export interface Handlers<R extends ReqdBase> {
  readonly handler: (reqd: R) => void
  readonly errorHandler: ErrorHandler
  readonly makeReqd: MakeReqd<R>
}

/** The exchanges of one connection, one after the other. @internal */
export class Exchanges<R extends ReqdBase> implements InputHost, OutputHost {
  readonly input: InputSide
  readonly output: OutputSide
  /** What ended the work; meaningful if {@link hasFailed}. */
  failure: unknown
  hasFailed: boolean
  private readonly config: Config
  private readonly handlers: Handlers<R>
  private isDraining: boolean
  private isRequestPersistent: boolean

  constructor(config: Config, handlers: Handlers<R>) {
    this.input = new InputSide(this, config)
    this.output = new OutputSide(this, config, handlers.errorHandler)
    this.failure = null
    this.hasFailed = false
    this.config = config
    this.handlers = handlers
    this.isDraining = false
    this.isRequestPersistent = true
  }

  get mayStartRequest(): boolean {
    return this.output.output.pendingBytes < this.config.writeBufferSize
  }

  get mayPersist(): boolean {
    if (!this.isRequestPersistent || this.isDraining || this.input.hasEof) return false
    return this.input.current !== 'body' || this.input.isBodyInUse || this.input.isWorthDraining
  }

  requestArrived(request: Request, reader: BodyReader | null): void {
    this.isRequestPersistent = requestIsPersistent(request)
    const reqd = this.handlers.makeReqd(this.output, request, reader)
    this.output.begin(reqd)
    try {
      this.handlers.handler(reqd)
    } catch (exn) {
      this.callbackFailed(exn)
    }
  }

  headFailed(error: RemoteProtocolError, request: Request | null, method: string): void {
    this.fail(error, request, method)
  }

  bodyFailed(error: RemoteProtocolError): void {
    this.callbackFailed(error)
  }

  bodyDone(): void {
    if (this.output.current === 'upgrade') this.output.handOver()
    else this.settle()
  }

  bodyUnwanted(): void {
    if (this.output.current === 'upgrade') this.upgradeSent()
    else this.settle()
  }

  /** RFC 9110 §10.1.1: 100 only as long as no final response has begun. */
  continueWanted(): void {
    if (this.output.current === 'waiting') this.output.sendContinue()
  }

  inputEnded(): void {
    this.end(null)
  }

  callbackFailed(exn: unknown): void {
    const request = this.output.currentReqd?.request ?? null
    this.fail(exn, request, request?.method ?? '')
  }

  responseComplete(): void {
    this.settle()
  }

  responseCut(): void {
    this.end(new LocalProtocolError('badState', 'the response was cut'))
  }

  /** RFC 9110 §7.8: the request is read to its end in HTTP/1.1 before the other protocol begins. */
  upgradeSent(): void {
    if (!this.input.isBodyInUse) this.input.drain()
    this.input.wakeup.wake()
  }

  /** Bytes were written: what waited for that can go on. */
  written(): void {
    if (this.output.current === 'upgrade' && this.input.current === 'done') this.output.handOver()
    if (this.input.current === 'head' && this.mayStartRequest) this.input.wakeup.wake()
  }

  /** Handles no further request. */
  drain(): void {
    this.isDraining = true
    if (this.output.current === 'idle') this.end(null)
  }

  /** Drops what is queued: the peer takes no more. */
  outputClosed(): void {
    const reader = this.input.close()
    this.output.discard()
    this.failReader(reader, new LocalProtocolError('badState', 'the peer takes no more output'))
    this.wake()
  }

  /** Closes both sides; a body that is not complete fails with `reason`. */
  end(reason: unknown): void {
    const reader = this.input.close()
    this.output.finish()
    this.failReader(reader, reason)
    this.wake()
  }

  private fail(error: unknown, request: Request | null, method: string): void {
    if (this.hasFailed || (this.input.current === 'closed' && this.output.current === 'closed')) return
    this.hasFailed = true
    this.failure = error
    const reader = this.input.close()
    this.output.fail(error, request, method)
    this.failReader(reader, error)
    this.wake()
  }

  /** Decides what follows a complete response (RFC 9112 §9.3, §9.6). */
  private settle(): void {
    if (this.output.current !== 'complete') return
    const isBodyLeft = this.input.current === 'body'
    if (isBodyLeft && this.input.isBodyInUse) return
    const goesOn = this.output.isPersistent && !this.isDraining && this.input.current !== 'closed'
    if (!goesOn || (isBodyLeft && !this.input.isWorthDraining)) this.end(null)
    else if (isBodyLeft) this.input.drain()
    else if (this.input.current === 'done') this.next()
    this.input.wakeup.wake()
  }

  private next(): void {
    if (this.input.hasEof) return this.end(null)
    this.output.next()
    this.input.next()
  }

  private failReader(reader: BodyReader | null, reason: unknown): void {
    if (reader === null) return
    this.output.guard(() => {
      reader.fail(reason ?? new LocalProtocolError('bodyClosed', 'the connection closed before the body was read'))
    })
  }

  private wake(): void {
    this.input.wakeup.wake()
    this.output.wakeup.wake()
  }
}
