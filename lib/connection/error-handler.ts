/**
 * Who answers when something went wrong before a response began.
 */
import { HandlerTimeoutError, LocalProtocolError, RemoteProtocolError } from '../errors.js'
import { Headers } from '../message/headers.js'
import type { Request } from '../message/request.js'
import { Status } from '../message/status.js'
import type { BodyWriter } from './body-writer.js'

/**
 * Answers in place of the handler. The status is decided: {@link statusOf} the error. `startResponse` takes the header
 * fields and returns the body, which the error handler writes and closes, now or later; it is called once at most.
 * Without Content-Length the body is chunked, or ends with the connection where the client may not understand chunks.
 * After the response the connection closes. An error handler that throws before it called `startResponse` is replaced
 * by the default; one that throws later has its response cut.
 *
 * @param error a {@link RemoteProtocolError}, or whatever the handler threw or reported
 * @param request the request, where its head could be read
 */
export type ErrorHandler = (
  error: unknown, startResponse: (headers: Headers) => BodyWriter, request?: Request,
) => void

/** The status that answers an error: its own for what the peer did wrong, 503 for a late handler, 500 for all else. */
export function statusOf(error: unknown): Status {
  const hasStatus = error instanceof RemoteProtocolError || error instanceof HandlerTimeoutError
  return hasStatus ? error.status : Status.INTERNAL_SERVER_ERROR
}

/** Answers with the reason phrase as plain text. What the handler threw is nobody's business but the server's. */
export const defaultErrorHandler: ErrorHandler = (error, startResponse) => {
  const text = `${Status.reasonPhrase(statusOf(error))}\n`
  const body = startResponse(Headers.ofList([
    ['Content-Type', 'text/plain; charset=utf-8'],
    ['Content-Length', String(text.length)],
  ]))
  body.writeString(text)
  body.close()
}

/** What went wrong, and with which request as far as it is known. @internal */
export interface Failure {
  readonly error: unknown
  readonly request: Request | null
  /** The method of the request, '' where not even that could be read. */
  readonly method: string
}

/** Who sends the response to an error. @internal */
export interface ErrorResponder {
  startError(failure: Failure, headers: Headers): BodyWriter
  /** The response can't be completed. */
  cutError(): void
}

/** Lets the error handler answer, or the default one where it throws before it began. @internal */
export function answerError(handler: ErrorHandler, failure: Failure, responder: ErrorResponder): void {
  const answer = { hasBegun: false }
  const startResponse = (headers: Headers): BodyWriter => {
    if (answer.hasBegun) throw new LocalProtocolError('alreadyResponded', 'startResponse was called already')
    const writer = responder.startError(failure, headers)
    answer.hasBegun = true
    return writer
  }
  for (const attempt of [handler, defaultErrorHandler]) {
    try {
      attempt(failure.error, startResponse, failure.request ?? undefined)
      return
    } catch {
      if (answer.hasBegun) break
    }
  }
  responder.cutError()
}
