/**
 * Formats values in one line, for messages of failed expectations.
 */
import { ReqdBase } from '../connection/reqd.js'
import { isMatcher, Like, type Difference } from './equality.js'

const MAX_LENGTH = 160
const MAX_DEPTH = 3

/** Returns the value as short text without line ends. */
export function show(value: unknown): string {
  return shortened(showAt(value, 0))
}

/** Returns the method and target of a request. */
export function nameOf({ method, target }: { readonly method: string; readonly target: string }): string {
  return `${method} ${target}`
}

/** Describes how the values differ; of long texts only the surroundings of the difference. */
export function showDifference({ path, expected, actual }: Difference): string {
  const place = path === '' ? '' : `${path}: `
  if (typeof expected === 'string' && typeof actual === 'string') return place + showTexts(expected, actual)
  return `${place}expected ${show(expected)}, received ${show(actual)}`
}

function showTexts(expected: string, actual: string): string {
  const at = firstDifference(expected, actual)
  if (at < 40 && expected.length < MAX_LENGTH && actual.length < MAX_LENGTH) {
    return `expected ${quoted(expected)}, received ${quoted(actual)}`
  }
  return `expected ${around(expected, at)}, received ${around(actual, at)} (at character ${at})`
}

/** Returns the index of the first element that differs. */
export function firstDifference(one: ArrayLike<unknown>, other: ArrayLike<unknown>): number {
  let at = 0
  while (at < one.length && at < other.length && one[at] === other[at]) at++
  return at
}

/** Returns the text around the offset `at`, quoted. */
export function around(text: string, at: number): string {
  const [start, end] = [Math.max(0, at - 30), at + 40]
  return `${start > 0 ? '…' : ''}${quoted(text.slice(start, end))}${end < text.length ? '…' : ''}`
}

function quoted(text: string): string {
  return `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`
}

function shortened(text: string): string {
  return text.length <= MAX_LENGTH ? text : `${text.slice(0, MAX_LENGTH - 1)}…`
}

function showAt(value: unknown, depth: number): string {
  if (typeof value === 'string') return quoted(value)
  if (typeof value === 'function') return `function ${value.name}`
  if (typeof value !== 'object' || value === null) return String(value)
  if (value instanceof Error) return `${value.name}: ${value.message}`
  if (value instanceof Uint8Array) return `${value.length} bytes ${showBytes(value)}`
  if (depth === MAX_DEPTH) return '…'
  if (Array.isArray(value)) return `[${value.map(item => showAt(item, depth + 1)).join(', ')}]`
  return showObject(value, depth)
}

function showObject(value: object, depth: number): string {
  if (isMatcher(value)) return showMatcher(value, depth)
  if (value instanceof ReqdBase) return `${value.request.method} ${value.request.target}`
  const text = (value as { toString?: unknown }).toString
  if (typeof text === 'function' && text !== Object.prototype.toString) return (text as () => string).call(value)
  const properties = Object.entries(value).map(([key, item]) => `${key}: ${showAt(item, depth + 1)}`)
  return properties.length === 0 ? '{}' : `{ ${properties.join(', ')} }`
}

/** Formats a matcher; those of jest and vitest have a name and a `sample`. */
function showMatcher(matcher: object, depth: number): string {
  if (matcher instanceof Like) return `like ${showAt(matcher.partial, depth)}`
  const { sample, precision } = matcher as { sample?: unknown; precision?: unknown }
  const name = nameOfMatcher(matcher)
  if (sample === undefined) return name
  const samples = typeof sample === 'function' ? sample.name : showAt(sample, depth)
  return `${name} ${samples}${precision === undefined ? '' : ` to ${show(precision)} digits`}`
}

function nameOfMatcher(matcher: object): string {
  // eslint-disable-next-line @typescript-eslint/no-base-to-string -- those of jest and vitest say their names
  const text = String(matcher)
  return text === '[object Object]' ? matcher.constructor.name : text
}

function showBytes(bytes: Uint8Array): string {
  const digits = Array.from(bytes.subarray(0, 24), byte => byte.toString(16).padStart(2, '0'))
  return digits.join(' ') + (bytes.length > 24 ? ' …' : '')
}
