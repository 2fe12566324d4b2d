/**
 * Header fields as a handler may give them.
 *
 * Strategy: `Headers` are checked and written once, however often they are used, and most handlers give the same few
 * fields as a record, again and again. So the `Headers` made of short records are kept, each in the place that the
 * lengths of its names and values point to, until another takes that place. A record may be changed, so all of it is
 * compared. What is kept is bounded, and long values, which seldom repeat and may be secrets, are not kept.
 *
 * A pipelined response with JSON and one field in a record takes 1.13 of the CPU of a hello; 1.40 where nothing is kept
 * (Node 26, `npm run bench -- json`).
 */
import { isPromise } from '../application/discard.js'
import { LocalProtocolError } from '../errors.js'
import { Headers } from '../message/headers.js'

/**
 * Fields as a handler may give them. A field whose value is `undefined` is left out. An iterable of pairs is a `Map`,
 * or the `Headers` of the Fetch standard. A `Headers` of ours that is used again and again is checked and written
 * only once; so is a record of a few short strings.
 */
export type HeadersInit =
  | Headers
  | Readonly<Record<string, string | number | readonly string[] | undefined>>
  | Iterable<readonly [name: string, value: string]>

type FieldRecord = Readonly<Record<string, string | number | readonly string[] | undefined>>

/**
 * The fields as `Headers`.
 *
 * @throws {@link LocalProtocolError} badField: they are no fields, or a value is not text
 */
export function headersOf(init: HeadersInit | undefined): Headers {
  if (init === undefined) return Headers.empty
  if (init instanceof Headers) return init
  if (typeof init !== 'object' || (init as unknown) === null) throw badHeaders(init)
  if (isPromise<unknown>(init)) throw noPromise(init)
  if (isPairs(init)) return Headers.ofList([...init].map(([name, value]) => [name, textOf(name, value)]))
  return ofRecord(init)
}

/** What a promise fails with that was given as fields is not what is wrong, and ends no process. */
function noPromise(init: PromiseLike<unknown>): LocalProtocolError {
  init.then(undefined, () => undefined)
  return badHeaders(init)
}

/** How many records are kept. */
const PLACES = 64
/** How long a value may be that is kept, in characters. */
const LONGEST_VALUE = 64
/** How many fields a record may have that is kept. */
const MOST_FIELDS = 8

interface KeptRecord {
  readonly names: readonly string[]
  readonly record: FieldRecord
  readonly headers: Headers
}

/** The same for all servers of the process: `Headers` do not change, and nobody sees where they come from. */
const kept = new Array<KeptRecord | undefined>(PLACES).fill(undefined)

function ofRecord(record: FieldRecord): Headers {
  const names = Object.keys(record)
  const place = placeOf(names, record)
  if (place === -1) return Headers.of(givenFields(record))
  const there = kept[place]
  if (there !== undefined && isEqual(there, names, record)) return there.headers
  const headers = Headers.of(record as Readonly<Record<string, string>>)
  kept[place] = { names, record: { ...record }, headers }
  return headers
}

/** Where the record is kept; -1 where it is not. */
function placeOf(names: readonly string[], record: FieldRecord): number {
  if (names.length > MOST_FIELDS) return -1
  let place = 0
  for (const name of names) {
    const value = record[name]
    if (typeof value !== 'string' || value.length > LONGEST_VALUE || name.length > LONGEST_VALUE) return -1
    place = 31 * place + 7 * name.length + value.length
  }
  return place % PLACES
}

function isEqual(there: KeptRecord, names: readonly string[], record: FieldRecord): boolean {
  if (names.length !== there.names.length) return false
  for (let i = 0; i < names.length; i++) {
    const name = names[i]
    if (name !== there.names[i] || record[name] !== there.record[name]) return false
  }
  return true
}

function isPairs(init: object): init is Iterable<readonly [string, string]> {
  return Symbol.iterator in init
}

/** The fields of a record that have a value. */
function givenFields(record: FieldRecord): Readonly<Record<string, string | number | readonly string[]>> {
  const given: Record<string, string | number | readonly string[]> = {}
  for (const [name, value] of Object.entries(record)) {
    if (Array.isArray(value)) given[name] = value.map(each => textOf(name, each))
    else if (value !== undefined) given[name] = textOf(name, value)
  }
  return given
}

/** A field's value as text: whatever else has a text (null, a date, an object) is a mistake. */
function textOf(name: string, value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return String(value)
  throw new LocalProtocolError('badField', `the value of ${name} is neither a string nor a number nor a list of them`)
}

function badHeaders(init: unknown): LocalProtocolError {
  return new LocalProtocolError('badField', `header fields are a record or pairs, not ${String(init)}`)
}
