/**
 * Responses as values: the head, without the body.
 */
import { LocalProtocolError } from '../errors.js'
import { givenHeaders } from './given-headers.js'
import type { Headers } from './headers.js'
import { Status } from './status.js'
import { Version } from './version.js'

/** The optional parts of a response's head. */
export interface ResponseOptions {
  /** The registered phrase unless given, see `Status.reasonPhrase`. */
  readonly reason?: string
  /**
   * HTTP/1.1 unless given, whatever the client's version (RFC 9110 §6.2). HTTP/1.0 is for a client that handles 1.1
   * wrongly: the body is never chunked then. No other version is sent.
   */
  readonly version?: Version
  /** No fields unless given. */
  readonly headers?: Headers
}

/** A response's head. @see RFC 9112 §4 */
export class Response {
  readonly status: Status
  /** The reason phrase, for people; may be empty. */
  readonly reason: string
  readonly version: Version
  readonly headers: Headers

  constructor(status: Status, reason: string, version: Version, headers: Headers) {
    this.status = status
    this.reason = reason
    this.version = version
    this.headers = headers
  }

  /**
   * The response of this status.
   *
   * @throws {@link LocalProtocolError} badStatus if the status is not an integer from 100 to 599
   * @throws {@link TypeError} the headers are not Headers
   */
  static create(status: Status, options: ResponseOptions = {}): Response {
    if (!Status.isValid(status)) throw new LocalProtocolError('badStatus', `${status} is not a status code`)
    const reason = options.reason ?? Status.reasonPhrase(status)
    return new Response(status, reason, options.version ?? Version.HTTP_1_1, givenHeaders(options.headers))
  }

  /** The head as it would be sent, unchecked: for people and tests. */
  toString(): string {
    return `${this.version.toString()} ${this.status} ${this.reason}\r\n${this.headers.toString()}`
  }
}
