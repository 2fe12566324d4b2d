/**
 * The check of fields that an application gives: in JavaScript a record is easily taken for `Headers`.
 */
import { Headers } from './headers.js'

/**
 * Returns the fields; none where the option is not given.
 *
 * @throws {@link TypeError} not Headers
 */
export function givenHeaders(headers: Headers | undefined): Headers {
  if (headers === undefined) return Headers.empty
  if (headers instanceof Headers) return headers
  throw new TypeError('headers must be Headers, as Headers.of({ … }) or Headers.ofList([ … ]) makes them')
}
