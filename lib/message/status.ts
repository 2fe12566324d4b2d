/**
 * Status codes: the names, the reason phrases and the classes.
 */

/** A status code: an integer from 100 to 599, see {@link Status} for the names. @see RFC 9110 §15 */
export type Status = number

const CODES = {
  CONTINUE: 100,
  SWITCHING_PROTOCOLS: 101,
  PROCESSING: 102,
  EARLY_HINTS: 103,

  OK: 200,
  CREATED: 201,
  ACCEPTED: 202,
  NON_AUTHORITATIVE_INFORMATION: 203,
  NO_CONTENT: 204,
  RESET_CONTENT: 205,
  PARTIAL_CONTENT: 206,
  MULTI_STATUS: 207,
  ALREADY_REPORTED: 208,
  IM_USED: 226,

  MULTIPLE_CHOICES: 300,
  MOVED_PERMANENTLY: 301,
  FOUND: 302,
  SEE_OTHER: 303,
  NOT_MODIFIED: 304,
  USE_PROXY: 305,
  TEMPORARY_REDIRECT: 307,
  PERMANENT_REDIRECT: 308,

  BAD_REQUEST: 400,
  UNAUTHORIZED: 401,
  PAYMENT_REQUIRED: 402,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  NOT_ACCEPTABLE: 406,
  PROXY_AUTHENTICATION_REQUIRED: 407,
  REQUEST_TIMEOUT: 408,
  CONFLICT: 409,
  GONE: 410,
  LENGTH_REQUIRED: 411,
  PRECONDITION_FAILED: 412,
  CONTENT_TOO_LARGE: 413,
  URI_TOO_LONG: 414,
  UNSUPPORTED_MEDIA_TYPE: 415,
  RANGE_NOT_SATISFIABLE: 416,
  EXPECTATION_FAILED: 417,
  I_M_A_TEAPOT: 418,
  ENHANCE_YOUR_CALM: 420,
  MISDIRECTED_REQUEST: 421,
  UNPROCESSABLE_CONTENT: 422,
  LOCKED: 423,
  FAILED_DEPENDENCY: 424,
  TOO_EARLY: 425,
  UPGRADE_REQUIRED: 426,
  PRECONDITION_REQUIRED: 428,
  TOO_MANY_REQUESTS: 429,
  REQUEST_HEADER_FIELDS_TOO_LARGE: 431,
  UNAVAILABLE_FOR_LEGAL_REASONS: 451,

  INTERNAL_SERVER_ERROR: 500,
  NOT_IMPLEMENTED: 501,
  BAD_GATEWAY: 502,
  SERVICE_UNAVAILABLE: 503,
  GATEWAY_TIMEOUT: 504,
  HTTP_VERSION_NOT_SUPPORTED: 505,
  VARIANT_ALSO_NEGOTIATES: 506,
  INSUFFICIENT_STORAGE: 507,
  LOOP_DETECTED: 508,
  NOT_EXTENDED: 510,
  NETWORK_AUTHENTICATION_REQUIRED: 511,
} as const

// Where the phrase is not the name in title case.
const IRREGULAR_PHRASES: ReadonlyMap<Status, string> = new Map<Status, string>([
  [CODES.OK, 'OK'],
  [CODES.NON_AUTHORITATIVE_INFORMATION, 'Non-Authoritative Information'],
  [CODES.MULTI_STATUS, 'Multi-Status'],
  [CODES.IM_USED, 'IM Used'],
  [CODES.URI_TOO_LONG, 'URI Too Long'],
  [CODES.I_M_A_TEAPOT, "I'm a teapot"],
  [CODES.HTTP_VERSION_NOT_SUPPORTED, 'HTTP Version Not Supported'],
])

function titleCase(name: string): string {
  return name.split('_').map(word => word.charAt(0) + word.slice(1).toLowerCase()).join(' ')
}

/** The phrase of each code from 0 to 599. A list: a Map takes 68 instructions. */
const REASON_PHRASES: readonly string[] = listPhrases()

function listPhrases(): string[] {
  const phrases = new Array<string>(600).fill('')
  for (const [name, code] of Object.entries(CODES)) phrases[code] = IRREGULAR_PHRASES.get(code) ?? titleCase(name)
  return phrases
}

function isValid(code: Status): boolean {
  return Number.isInteger(code) && code >= 100 && code <= 599
}

function reasonPhrase(code: Status): string {
  return REASON_PHRASES[code] ?? ''
}

function isInformational(code: Status): boolean {
  return code >= 100 && code <= 199
}

function isSuccessful(code: Status): boolean {
  return code >= 200 && code <= 299
}

function isRedirection(code: Status): boolean {
  return code >= 300 && code <= 399
}

function isClientError(code: Status): boolean {
  return code >= 400 && code <= 499
}

function isServerError(code: Status): boolean {
  return code >= 500 && code <= 599
}

function isError(code: Status): boolean {
  return code >= 400 && code <= 599
}

/**
 * The registered status codes by name, and questions about codes.
 *
 * The whole IANA registry except its temporary entries (they expire) and its unused ones, 306 and 418. 418 has a name
 * nonetheless, because http/af and most libraries have it; so has http/af's 420.
 *
 * - `isError(c) = isClientError(c) ∨ isServerError(c)`
 * - a code belongs to at most one class, and to exactly one if it is valid
 *
 * @see https://www.iana.org/assignments/http-status-codes
 */
export const Status = {
  ...CODES,
  /** Whether the code belongs to one of the five classes: an integer from 100 to 599. @see RFC 9110 §15 */
  isValid,
  /** The registered reason phrase; the empty string, which RFC 9112 §4 allows, for a code that has none. */
  reasonPhrase,
  /** Whether the code is a 1xx: an interim response. @see RFC 9110 §15.2 */
  isInformational,
  /** Whether the code is a 2xx. @see RFC 9110 §15.3 */
  isSuccessful,
  /** Whether the code is a 3xx. @see RFC 9110 §15.4 */
  isRedirection,
  /** Whether the code is a 4xx. @see RFC 9110 §15.5 */
  isClientError,
  /** Whether the code is a 5xx. @see RFC 9110 §15.6 */
  isServerError,
  /** Whether the code is a 4xx or a 5xx. */
  isError,
} as const
