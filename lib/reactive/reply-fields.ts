/**
 * Converts the header fields of a reply to `Headers`.
 *
 * Strategy: a `Headers` is checked and serialized once, however often it is used, and most handlers give the same few
 * fields as a record at every response. So the `Headers` of short records are cached: each entry's slot is a hash of
 * the lengths of its names and values, and a new entry replaces the old one. A record may be changed, so a hit compares
 * all of it. The cache is bounded; long values, which seldom repeat and may be secrets, are not cached.
 *
 * A pipelined JSON response with one field in a record takes 1.13 of the CPU of a hello; without the cache 1.40
 * (Node 26, `npm run bench -- json`).
 */
import { LocalProtocolError } from '../errors.js'
import { Headers } from '../message/headers.js'
import { isPromise, onRejection } from '../thrown.js'

/**
 * Header fields of a reply. A field whose value is `undefined` is left out. An iterable of pairs may be a `Map` or the
 * `Headers` of the Fetch standard. A reused {@link Headers} is checked and serialized only once; so is a record of a
 * few short strings.
 */
export type HeadersInit =
  | Headers
  | Readonly<Record<string, string | number | readonly string[] | undefined>>
  | Iterable<readonly [name: string, value: string]>

type FieldRecord = Readonly<Record<string, string | number | readonly string[] | undefined>>

/**
 * Converts the fields to `Headers`.
 *
 * @throws {@link LocalProtocolError} badField: not a valid record or list, or a value is not text
 */
export function headersOf(init: HeadersInit | undefined): Headers {
  if (init === undefined) return Headers.empty
  if (init instanceof Headers) return init
  if (typeof init !== 'object' || (init as unknown) === null) throw badHeaders(init)
  if (isPromise<unknown>(init)) throw noPromise(init)
  if (isList(init)) return Headers.ofList(Array.from(init, fieldOf))
  return ofRecord(init)
}

/** Returns the error for a promise given as fields, and handles its rejection, which must not end the process. */
function noPromise(init: PromiseLike<unknown>): LocalProtocolError {
  onRejection(init, () => undefined)
  return badHeaders(init)
}

/** The number of slots of the cache. */
const PLACES = 64
/** The longest name or value that is cached, in characters. */
const LONGEST_VALUE = 64
/** The largest record that is cached, in fields. */
const MOST_FIELDS = 8

interface KeptRecord {
  readonly names: readonly string[]
  readonly record: FieldRecord
  readonly headers: Headers
}

/** The cache, shared by all servers of the process, which is safe because `Headers` are immutable. */
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

/** Returns the record's slot in the cache; -1 if it must not be cached. */
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

function isList(init: object): init is Iterable<unknown> {
  return Symbol.iterator in init
}

/** Returns a member of a list as a field. A string has characters, but is no pair. */
function fieldOf(member: unknown): readonly [string, string] {
  const isPair = typeof member === 'object' && member !== null && isList(member)
  const [name, value, ...others] = isPair ? member : []
  if (typeof name === 'string' && others.length === 0) return [name, textOf(name, value)]
  throw new LocalProtocolError('badField', 'a list of header fields has pairs of a name and a value, and nothing else')
}

/** Returns the fields of a record whose value is not undefined. */
function givenFields(record: FieldRecord): Readonly<Record<string, string | number | readonly string[]>> {
  const given: Record<string, string | number | readonly string[]> = {}
  for (const [name, value] of Object.entries(record)) {
    if (Array.isArray(value)) given[name] = value.map(each => textOf(name, each))
    else if (value !== undefined) given[name] = textOf(name, value)
  }
  return given
}

/** Returns a field's value as text. Other values that have a text (null, a Date, an object) are taken for mistakes. */
function textOf(name: string, value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return String(value)
  throw new LocalProtocolError('badField', `the value of ${name} is neither a string nor a number nor a list of them`)
}

function badHeaders(init: unknown): LocalProtocolError {
  return new LocalProtocolError('badField', `header fields are a record or pairs, not ${String(init)}`)
}
