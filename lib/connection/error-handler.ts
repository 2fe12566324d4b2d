/**
 * Error handlers: they answer a failure that comes before a response has begun.
 *
 * Strategy: {@link answerError} calls an error handler for a responder, which is the output half of a connection, or a
 * request descriptor of the reactive layer whose connection goes on. It allows one response, and reports to the
 * responder what the error handler fails with, now or later.
 */
import { utf8Length } from '../buffer/utf8.js'
import { checkField, HttpError, isErrorStatus, LocalProtocolError } from '../errors.js'
import { Headers } from '../message/headers.js'
import type { Request } from '../message/request.js'
import { Status } from '../message/status.js'
import { onRejection } from '../thrown.js'
import type { BodyWriter } from './body-writer.js'

/**
 * Answers in place of the handler. `startResponse` may be called once. It takes the header fields, and a status if that
 * is not {@link statusOf} the error. It returns the body, which the error handler writes and closes, now or later.
 * Without Content-Length the body is chunked, or ends with the connection if the client may not understand chunks.
 *
 * After the response the connection closes; with `serve` and `listen` it continues if a handler failed whose request
 * was read. If the error handler fails (it throws, its promise is rejected, or a failure is reported while it owes its
 * response), the default error handler answers, or its response is cut if part of it was sent.
 *
 * @param error a `RemoteProtocolError`, or the value that the handler threw or reported
 * @param request the request, if its head could be read
 */
export type ErrorHandler = (
  error: unknown, startResponse: (headers: Headers, status?: Status) => BodyWriter, request?: Request,
) => void | PromiseLike<void>

/**
 * The status that answers an error: its `status` or `statusCode` if that is 400 to 599, as a `RemoteProtocolError`, an
 * `HttpError` and errors of other packages have; otherwise 500.
 */
export function statusOf(error: unknown): Status {
  const { status, statusCode } = partsOf(error)
  if (isErrorStatus(status)) return status
  return isErrorStatus(statusCode) ? statusCode : Status.INTERNAL_SERVER_ERROR
}

/** The parts of an error that are read. Any value can be thrown, and reading a property may throw. */
interface ErrorParts {
  readonly status?: unknown
  readonly statusCode?: unknown
  readonly expose?: unknown
  readonly message?: unknown
}

const NO_PARTS: ErrorParts = {}

function partsOf(error: unknown): ErrorParts {
  if (typeof error !== 'object' || error === null) return NO_PARTS
  try {
    const { status, statusCode, expose, message } = error as ErrorParts
    return { status, statusCode, expose, message }
  } catch {
    return NO_PARTS
  }
}

/** The message if the error exposes it, else the reason phrase: other messages are not for clients. */
function textOf(error: unknown): string {
  const { expose, message } = partsOf(error)
  const isShown = expose === true && typeof message === 'string' && message !== ''
  return `${isShown ? message : Status.reasonPhrase(statusOf(error))}\n`
}

/** The fields that an error can't set: they belong to the framing of the message. */
const FRAMING = ['Content-Length', 'Transfer-Encoding', 'Connection', 'Upgrade']

/** The fields of an `HttpError`, without those of the framing. */
function fieldsOf(error: unknown): Headers {
  if (!(error instanceof HttpError)) return Headers.empty
  try {
    const { headers } = error
    for (const name of Object.keys(headers)) checkField(name, headers[name])
    return FRAMING.reduce((rest, name) => rest.remove(name), Headers.of(headers))
  } catch {
    // They were replaced by others that cannot be sent; an error of another copy of the package may have none.
    return Headers.empty
  }
}

/**
 * Answers with the reason phrase as plain text, or with the message of an error that exposes it, and with the fields of
 * an `HttpError`.
 */
export const defaultErrorHandler: ErrorHandler = (error, startResponse) => {
  const text = textOf(error)
  const headers = fieldsOf(error).addUnlessExists('Content-Type', 'text/plain; charset=utf-8')
  const body = startResponse(headers.add('Content-Length', String(utf8Length(text))))
  body.writeString(text)
  body.close()
}

/** An error, and the request that it belongs to, as far as that is known. @internal */
export interface Failure {
  readonly error: unknown
  readonly request: Request | null
  /** The method of the request, '' where not even that could be read. */
  readonly method: string
}

/** Sends the response to an error. @internal */
export interface ErrorResponder {
  startError(failure: Failure, headers: Headers, status: Status): BodyWriter
  /** The error handler failed: it threw, or with `isLate` the promise was rejected that it had returned. */
  errorHandlerThrew(exn: unknown, failure: Failure, isLate: boolean): void
}

/** Lets `handler` answer. Returns whether it did not throw. Failures are reported to the responder. @internal */
export function answerError(handler: ErrorHandler, failure: Failure, responder: ErrorResponder): boolean {
  let hasBegun = false
  const startResponse = (headers: Headers, status = statusOf(failure.error)): BodyWriter => {
    if (hasBegun) throw new LocalProtocolError('alreadyResponded', 'startResponse was called already')
    if (!(Number.isInteger(status) && status >= 200 && status <= 599)) {
      throw new LocalProtocolError('badStatus', `${status} is not the status of a response`)
    }
    const writer = responder.startError(failure, headers, status)
    hasBegun = true
    return writer
  }
  try {
    const result: unknown = handler(failure.error, startResponse, failure.request ?? undefined)
    onRejection(result, exn => { responder.errorHandlerThrew(exn, failure, true) })
    return true
  } catch (exn) {
    responder.errorHandlerThrew(exn, failure, false)
    return false
  }
}
