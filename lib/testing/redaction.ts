/**
 * Masks secrets in captures: the values of certain fields, and what a function of the user replaces.
 *
 * Strategy: bytes arrive as they were read and written, so a field may be split anywhere. The mask finds lines in the
 * stream, compares the name before a colon, and replaces each byte of the value with `x`, so that lengths and framing
 * stay valid. It does not tell bodies from heads: a line of a body that looks like such a field is masked, too. So is a
 * field that the server refuses because of blanks around its name or because it is folded: its value is a secret, too.
 */
import { COLON, CR, isBlank, LF, SP } from '../wire/grammar.js'

/** What is masked in a capture. */
export interface Redaction {
  /** The names of the fields whose values are masked, in place of {@link REDACTED_FIELDS}. */
  readonly fields?: readonly string[]
  /**
   * Returns the bytes to record in place of a piece that was read (from the client) or written (by the server), after
   * the fields were masked. It must keep the length; if it throws or changes the length, the whole piece is masked.
   */
  readonly bytes?: (bytes: Uint8Array, from: 'client' | 'server') => Uint8Array
}

/** The fields that are masked by default. */
export const REDACTED_FIELDS: readonly string[] = [
  'authorization', 'proxy-authorization', 'cookie', 'set-cookie', 'x-api-key', 'x-auth-token',
]

/** The letter x. */
const MASK = 0x78

/** A set of field names, prepared for the search. */
export class FieldNames {
  readonly list: readonly string[]
  readonly longest: number
  private readonly names: Set<string>
  private readonly initials: Set<number>

  constructor(list: readonly string[]) {
    this.list = list.map(name => name.toLowerCase())
    this.names = new Set(this.list)
    this.initials = new Set(this.list.map(name => name.charCodeAt(0)))
    this.longest = Math.max(0, ...this.list.map(name => name.length))
  }

  has(name: string): boolean {
    return this.names.has(name.toLowerCase())
  }

  /** Whether a name of the set begins with the character. */
  mayBegin(code: number): boolean {
    return this.initials.has(code >= 0x41 && code <= 0x5a ? code + 0x20 : code)
  }
}

/** Masks the fields of one direction of one connection. */
export class FieldMask {
  private readonly names: FieldNames
  private state: 'name' | 'value' | 'rest'
  /** The beginning of the current line, without blanks. */
  private name: string
  /** Whether the current line, if it begins with a blank, continues a value that was masked. */
  private mayContinue: boolean

  constructor(names: FieldNames) {
    this.names = names
    this.state = 'name'
    this.name = ''
    this.mayContinue = false
  }

  /** Returns the bytes with the values masked: a copy, or the bytes themselves if nothing is masked. */
  mask(bytes: Uint8Array): Uint8Array {
    let masked = bytes
    let p = 0
    while (p < bytes.length) {
      if (this.state === 'name') p = this.readName(bytes, p)
      else if (this.state === 'rest') p = this.skipLine(bytes, p)
      else {
        const end = this.valueEnd(bytes, p)
        if (masked === bytes && end > p) masked = bytes.slice()
        maskRange(masked, p, end)
        p = end
      }
    }
    return masked
  }

  private readName(bytes: Uint8Array, start: number): number {
    const { names } = this
    for (let p = start; p < bytes.length; p++) {
      const code = bytes[p]
      if (isBlank(code) && this.name === '' && this.mayContinue) return this.become('value', p)
      if (isBlank(code)) continue
      this.mayContinue = false
      if (code === COLON) return this.become(names.has(this.name) ? 'value' : 'rest', p + 1)
      const isOther = this.name === '' ? !names.mayBegin(code) : this.name.length === names.longest
      if (isOther || code === LF) return this.become('rest', p)
      this.name += String.fromCharCode(code)
    }
    return bytes.length
  }

  private skipLine(bytes: Uint8Array, start: number): number {
    const end = bytes.indexOf(LF, start)
    return end < 0 ? bytes.length : this.become('name', end + 1)
  }

  private valueEnd(bytes: Uint8Array, start: number): number {
    const end = bytes.indexOf(LF, start)
    if (end < 0) return bytes.length
    this.mayContinue = true
    return this.become('rest', end)
  }

  private become(state: 'name' | 'value' | 'rest', p: number): number {
    this.state = state
    this.name = ''
    return p
  }
}

/** Masks a range, except line ends and spaces. */
function maskRange(bytes: Uint8Array, start: number, end: number): void {
  for (let p = start; p < end; p++) if (bytes[p] !== CR && bytes[p] !== SP) bytes[p] = MASK
}

/** Returns the piece after the user's replacement; wholly masked if that fails. */
export function replaced(bytes: Uint8Array, from: 'client' | 'server', replace: Redaction['bytes']): Uint8Array {
  if (replace === undefined) return bytes
  try {
    const kept = replace(bytes.slice(), from)
    if (kept.length === bytes.length) return kept
  } catch {
    // The whole piece is masked below.
  }
  return new Uint8Array(bytes.length).fill(MASK)
}
