/**
 * Requests as values: the head, without the body.
 */
import { givenHeaders } from './given-headers.js'
import type { Headers } from './headers.js'
import type { Method } from './method.js'
import { Version } from './version.js'

/** The optional parts of a request's head. */
export interface RequestOptions {
  /** HTTP/1.1 unless given. */
  readonly version?: Version
  /** No fields unless given. */
  readonly headers?: Headers
}

/** A request's head. @see RFC 9112 §3 */
export class Request {
  readonly method: Method
  /** The request target as it stands in the request line. @see RFC 9112 §3.2 */
  readonly target: string
  readonly version: Version
  readonly headers: Headers

  constructor(method: Method, target: string, version: Version, headers: Headers) {
    this.method = method
    this.target = target
    this.version = version
    this.headers = headers
  }

  /**
   * The request of this method and target.
   *
   * @throws {@link TypeError} the headers are not Headers
   */
  static create(method: Method, target: string, options: RequestOptions = {}): Request {
    return new Request(method, target, options.version ?? Version.HTTP_1_1, givenHeaders(options.headers))
  }

  /** The head as it would be sent, unchecked: for people and tests. */
  toString(): string {
    return `${this.method} ${this.target} ${this.version.toString()}\r\n${this.headers.toString()}`
  }
}
