/**
 * Compares an actual value with an expected one, deeply, and finds the first difference.
 *
 * Strategy: as in test runners, own enumerable properties count, and an undefined property equals an absent one. Errors
 * are compared by name and message, bytes by value. An expected value may be a matcher: an object with
 * `asymmetricMatch`, such as those of jest and vitest, and {@link like}.
 */

/** The first difference of two values; `path` is like `.headers.date`, or '' for the values as a whole. */
export interface Difference {
  readonly path: string
  readonly expected: unknown
  readonly actual: unknown
}

/** An expected value that decides itself what it equals. */
export interface Matcher {
  asymmetricMatch(actual: unknown): boolean
}

/** A partial expected value: see {@link like}. */
export class Like implements Matcher {
  readonly partial: object

  constructor(partial: object) {
    this.partial = partial
  }

  asymmetricMatch(actual: unknown): boolean {
    return new Comparison(true).difference(actual, this.partial, '') === null
  }
}

/**
 * Returns a matcher for objects with at least these properties: `like({ status: 200 })`. Nested objects are compared in
 * the same way; arrays must have the same length.
 */
export function like(partial: object): Matcher {
  return new Like(partial)
}

class AtMost implements Matcher {
  private readonly limit: number

  constructor(limit: number) {
    this.limit = limit
  }

  asymmetricMatch(actual: unknown): boolean {
    return typeof actual === 'number' && actual <= this.limit
  }

  toString(): string {
    return `at most ${this.limit}`
  }
}

/** Returns a matcher for numbers up to `limit`, for example of held bytes. */
export function atMost(limit: number): Matcher {
  return new AtMost(limit)
}

/** Returns the first difference; null if there is none. */
export function difference(actual: unknown, expected: unknown): Difference | null {
  return new Comparison(false).difference(actual, expected, '')
}

class Comparison {
  private readonly isPartial: boolean
  private readonly seen: Map<unknown, unknown>

  constructor(isPartial: boolean) {
    this.isPartial = isPartial
    this.seen = new Map()
  }

  difference(actual: unknown, expected: unknown, path: string): Difference | null {
    if (Object.is(actual, expected)) return null
    if (expected instanceof Like) return new Comparison(true).difference(actual, expected.partial, path)
    if (isMatcher(expected)) return expected.asymmetricMatch(actual) ? null : { path, expected, actual }
    if (!isObject(actual) || !isObject(expected) || !areOfOneKind(actual, expected)) return { path, expected, actual }
    if (this.seen.get(actual) === expected) return null
    this.seen.set(actual, expected)
    return this.ofProperties(actual, expected, path)
  }

  private ofProperties(actual: Properties, expected: Properties, path: string): Difference | null {
    for (const key of this.keysOf(actual, expected)) {
      const found = this.difference(actual[key], expected[key], `${path}${step(key)}`)
      if (found !== null) return found
    }
    return null
  }

  private keysOf(actual: object, expected: object): Iterable<string> {
    if (expected instanceof Error) return ['name', 'message']
    if (Array.isArray(expected) || ArrayBuffer.isView(expected)) {
      return new Set([...Object.keys(expected), ...Object.keys(actual)])
    }
    return this.isPartial ? Object.keys(expected) : new Set([...Object.keys(expected), ...Object.keys(actual)])
  }
}

type Properties = Record<string, unknown>

function step(key: string): string {
  return /^[a-z_$][\w$]*$/i.test(key) ? `.${key}` : `[${/^\d+$/.test(key) ? key : `'${key}'`}]`
}

/** Whether the value is a {@link Matcher}. */
export function isMatcher(value: unknown): value is Matcher {
  return isObject(value) && typeof value['asymmetricMatch'] === 'function'
}

function isObject(value: unknown): value is Properties {
  return typeof value === 'object' && value !== null
}

/** Compares kinds, and the contents of dates, maps and sets, which are not in properties. */
function areOfOneKind(actual: object, expected: object): boolean {
  if (expected instanceof Date) return actual instanceof Date && actual.getTime() === expected.getTime()
  if (expected instanceof Map || expected instanceof Set) {
    const isSame = actual instanceof Map || actual instanceof Set
    return isSame && difference([...actual], [...expected]) === null
  }
  return Array.isArray(actual) === Array.isArray(expected) && (actual instanceof Error) === (expected instanceof Error)
    && ArrayBuffer.isView(actual) === ArrayBuffer.isView(expected)
}
