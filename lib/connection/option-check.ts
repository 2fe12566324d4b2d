/**
 * The numbers among options. Without types anything can be given: text, NaN, a time that no timer can wait. Such a
 * value would be no limit, or a limit of nothing, and nobody would know: it is refused where it is given.
 */
import { LocalProtocolError } from '../errors.js'

/** The longest time that a timer can wait, in milliseconds. */
export const LONGEST_TIME = 2 ** 31 - 1

/** Which whole numbers an option takes. */
export interface Range {
  readonly least: number
  readonly most: number
  /** Whether Infinity is taken, too: no limit. */
  readonly isOpen: boolean
}

/** A time in milliseconds. */
export const TIME: Range = { least: 0, most: LONGEST_TIME, isOpen: false }
/** How often something is done, in milliseconds. */
export const INTERVAL: Range = { least: 1, most: LONGEST_TIME, isOpen: false }
/** A time in milliseconds after which something ends, if ever. */
export const OPEN_TIME: Range = { least: 0, most: LONGEST_TIME, isOpen: true }
/** How many bytes at least one of which is needed. */
export const SIZE: Range = { least: 1, most: Number.MAX_SAFE_INTEGER, isOpen: true }
/** How many, or how many bytes. */
export const COUNT: Range = { least: 0, most: Number.MAX_SAFE_INTEGER, isOpen: true }

/**
 * Checks the numbers among the options. What is `undefined` is not given.
 *
 * @throws {@link LocalProtocolError} badRange: one is no number, or out of its range
 */
export function checkNumbers(options: object, ranges: Readonly<Record<string, Range>>): void {
  for (const [name, range] of Object.entries(ranges)) {
    const value = (options as Record<string, unknown>)[name]
    if (value !== undefined && !isWithin(value, range)) throw outOfRange(name, value, range)
  }
}

function isWithin(value: unknown, { least, most, isOpen }: Range): boolean {
  if (value === Infinity) return isOpen
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most
}

function outOfRange(name: string, value: unknown, { least, most, isOpen }: Range): LocalProtocolError {
  const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`
  const shown = typeof value === 'string' ? JSON.stringify(value) : typeof value === 'function' ? 'a function' : value
  return new LocalProtocolError('badRange',
    `${name} must be a whole number ${range}${isOpen ? ', or Infinity' : ''}, not ${String(shown)}`)
}
