/**
 * What a client of a test does, and when: its options and diagrams, parsed.
 */
import { TestScheduler } from 'rxjs/testing'
import { checkValues, NUMBER, TEXT } from '../connection/option-check.js'
import { type Message } from './expectation.js'
import { show } from './show.js'
import { MarbleError } from './test-errors.js'
import { TAKING, type Reading, type Taking } from './test-transport.js'

/** The values of the letters in a client's diagrams: bytes that it sends, or amounts that it reads. */
export type ClientValues = Readonly<Record<string, string | Uint8Array | number | boolean>>

/** The other diagrams of a client. */
export interface ClientOptions {
  /**
   * A diagram of how the client reads: `o`, everything from now on; `x`, nothing; a letter whose value is a number,
   * that many bytes more. Default: it reads everything.
   */
  readonly reads?: string
  /**
   * When the server learns that the client took a write: `'at once'` as with TCP (default), or `'later'` as with TLS.
   */
  readonly takes?: Taking
  /** The rate at which it reads in bytes a second, a tenth of them in each tenth of a second. Default: no limit. */
  readonly readRate?: number
  /** The rate at which it sends, in the same way; the bytes of a letter then arrive in pieces. Default: no limit. */
  readonly sendRate?: number
}

/** The valid values of the options. */
export const CLIENT_KINDS = { reads: TEXT, takes: TAKING, readRate: NUMBER, sendRate: NUMBER }

/** The actions of a client with their frames. */
export interface Script {
  /** The frame at which it connects. */
  readonly opens: number
  readonly sends: readonly Message[]
  readonly reads: readonly { readonly frame: number; readonly amount: number | boolean }[]
  readonly line: Line
}

/** The line of a client: rates, and when the server learns what was taken. */
export interface Line extends Reading {
  readonly sendRate?: number | undefined
}

/** Parses the diagrams of a client; it connects at `^` in the first. */
export function scriptOf(sends: string, values: ClientValues, options: ClientOptions): Script {
  const { reads = '', takes, readRate, sendRate } = options
  checkValues({ sends, reads }, { sends: TEXT, reads: TEXT })
  const caret = sends.indexOf('^')
  const opens = caret < 0 ? 0 : lengthOf(sends.slice(0, caret))
  return {
    opens,
    line: { takes, readRate: rateOf(readRate), sendRate: rateOf(sendRate) },
    sends: lettersOf(sends, values, SENT),
    reads: lettersOf(reads, { o: true, x: false, ...values }, READ).map(({ frame, notification }) => {
      return { frame, amount: (notification as { value: number | boolean }).value }
    }),
  }
}

function rateOf(rate: number | undefined): number | undefined {
  if (rate === undefined || rate > 0) return rate
  throw new MarbleError(`a rate is more than 0 bytes a second, not ${rate}`)
}

/** A kind of value that the letters of a diagram may have. */
interface Kind {
  readonly name: string
  is(value: unknown): boolean
}

const SENT: Kind = { name: 'text or bytes', is: value => typeof value === 'string' || value instanceof Uint8Array }
const READ: Kind = { name: 'a number of bytes', is: value => typeof value === 'number' || typeof value === 'boolean' }

/** @throws {@link MarbleError} a letter has no value, or one of another kind */
function lettersOf(marbles: string, values: ClientValues, kind: Kind): Message[] {
  return parse(marbles.replace('^', '-')).map(message => {
    if (message.notification.kind !== 'N') return message
    const letter = message.notification.value as string
    if (!Object.hasOwn(values, letter)) throw new MarbleError(`${letter} in '${marbles}' has no value`)
    const value = values[letter]
    if (!kind.is(value)) throw new MarbleError(`${letter} in '${marbles}' is ${show(value)}, and not ${kind.name}`)
    return { frame: message.frame, notification: { kind: 'N', value } }
  })
}

function parse(marbles: string): Message[] {
  return TestScheduler.parseMarbles(marbles, undefined, undefined, false, true)
}

function lengthOf(marbles: string): number {
  return parse(`${marbles}|`).at(-1)?.frame ?? 0
}
