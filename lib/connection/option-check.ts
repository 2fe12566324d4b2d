/**
 * Checks of options.
 *
 * Strategy: JavaScript passes any value: text, NaN, a time beyond the range of timers, a misspelt name. Such a value
 * would silently be no limit, or a limit of zero, so it is refused at once. Each option has a range or a shape in a
 * table; one function checks them all, and names the option in its error.
 */
import { LocalProtocolError } from '../errors.js'

/** The longest time that a timer can wait, in milliseconds. */
export const LONGEST_TIME = 2 ** 31 - 1

/** The range of whole numbers that an option accepts. */
export interface Range {
  readonly least: number
  readonly most: number
  /** Whether Infinity is accepted, too: no limit. */
  readonly isOpen: boolean
}

/** The values that an option other than a number accepts. */
export interface Shape {
  /** In words, after "must be". */
  readonly what: string
  readonly isFit: (value: unknown) => boolean
}

/** The values that each option accepts, by its name. */
export type Kinds = Readonly<Record<string, Range | Shape>>

export const FUNCTION: Shape = { what: 'a function', isFit: value => typeof value === 'function' }
export const BOOLEAN: Shape = { what: 'true or false', isFit: value => typeof value === 'boolean' }
export const TEXT: Shape = { what: 'a string', isFit: value => typeof value === 'string' }
/** Any number: its range is checked where it is used. */
export const NUMBER: Shape = { what: 'a number', isFit: value => typeof value === 'number' }
export const OBJECT: Shape = { what: 'an object', isFit: value => isObject(value) && !Array.isArray(value) }
/** A scheduler of RxJS, which times come from. */
export const SCHEDULER: Shape = { what: 'a scheduler', isFit: value => isObject(value) && 'schedule' in value }
/** The signal of an AbortController, of any realm. */
export const SIGNAL: Shape = { what: 'an AbortSignal', isFit: value => isObject(value) && 'aborted' in value }

/** Accepts one of these values. */
export function oneOf(...values: readonly (string | null)[]): Shape {
  const names = values.map(value => value === null ? 'null' : `'${value}'`)
  return { what: names.join(' or '), isFit: value => values.includes(value as string) }
}

/** Accepts what one of these shapes accepts. */
export function either(...shapes: readonly Shape[]): Shape {
  return { what: shapes.map(({ what }) => what).join(' or '), isFit: value => shapes.some(({ isFit }) => isFit(value)) }
}

/** A time in milliseconds. */
export const TIME: Range = { least: 0, most: LONGEST_TIME, isOpen: false }
/** The interval of something that is repeated, in milliseconds. */
export const INTERVAL: Range = { least: 1, most: LONGEST_TIME, isOpen: false }
/** A time in milliseconds after which something ends, if ever. */
export const OPEN_TIME: Range = { least: 0, most: LONGEST_TIME, isOpen: true }
/** A number of bytes, at least 1. */
export const SIZE: Range = { least: 1, most: Number.MAX_SAFE_INTEGER, isOpen: true }
/** A number of things or of bytes. */
export const COUNT: Range = { least: 0, most: Number.MAX_SAFE_INTEGER, isOpen: true }

/**
 * Checks the values of options. An option that is `undefined` counts as not given.
 *
 * @throws {@link LocalProtocolError} badRange: not a number, or one out of its range; badOption: anything else
 *   that an option does not take
 */
export function checkValues(options: object, kinds: Kinds): void {
  if (!OBJECT.isFit(options)) throw badOption(`options are an object, not ${shown(options)}`)
  for (const [name, kind] of Object.entries(kinds)) {
    const value = (options as Record<string, unknown>)[name]
    if (value !== undefined) checkValue(name, value, kind)
  }
}

/** Checks one value. @throws {@link LocalProtocolError} as {@link checkValues} */
export function checkValue(name: string, value: unknown, kind: Range | Shape): void {
  if ('what' in kind) {
    if (!kind.isFit(value)) throw badOption(`${name} must be ${kind.what}, not ${shown(value)}`)
  } else if (!isWithin(value, kind)) {
    throw outOfRange(name, value, kind)
  }
}

/**
 * Checks options: their values, and that no name is a misspelt option: in plain JavaScript `header_timeout` would be no
 * limit. `elsewhere` maps names of other libraries' options to the options meant.
 *
 * @throws {@link LocalProtocolError} badRange, badOption
 */
export function checkOptions(options: object, kinds: Kinds, elsewhere: Readonly<Record<string, string>> = {}): void {
  checkValues(options, kinds)
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(kinds, name)) continue
    const meant = Object.hasOwn(elsewhere, name) ? elsewhere[name] : Object.keys(kinds).find(kind => isNear(name, kind))
    if (meant !== undefined) throw badOption(`there is no option ${name}: ${meant} is meant`)
  }
}

/** Whether a name is a misspelling of another one: apart from case, `-` and `_`, one or two letters differ. */
function isNear(name: string, other: string): boolean {
  const [a, b] = [name, other].map(text => text.toLowerCase().replace(/[-_]/g, ''))
  return distance(a, b) <= (Math.max(a.length, b.length) < 6 ? 1 : 2)
}

/** The number of letters to insert, delete or change (Levenshtein). */
function distance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const line = [row]
    for (let column = 1; column <= b.length; column++) {
      const changed = above[column - 1] + (a[row - 1] === b[column - 1] ? 0 : 1)
      line.push(Math.min(changed, above[column] + 1, line[column - 1] + 1))
    }
    above = line
  }
  return above[b.length]
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function badOption(message: string): LocalProtocolError {
  return new LocalProtocolError('badOption', message)
}

/** A value in a message. Objects are not converted to text: one may be large, or have no prototype to convert it. */
function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'function') return 'a function'
  if (Array.isArray(value)) return 'a list'
  return isObject(value) ? 'an object' : String(value)
}

function isWithin(value: unknown, { least, most, isOpen }: Range): boolean {
  if (value === Infinity) return isOpen
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most
}

function outOfRange(name: string, value: unknown, { least, most, isOpen }: Range): LocalProtocolError {
  const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`
  return new LocalProtocolError('badRange',
    `${name} must be a whole number ${range}${isOpen ? ', or Infinity' : ''}, not ${shown(value)}`)
}
