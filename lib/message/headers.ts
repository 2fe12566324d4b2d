/**
 * Header fields (and trailer fields): an ordered collection of names and values.
 *
 * Strategy: a collection is one of two things inside. One that a program built is a flat list of strings. One that was
 * parsed is a {@link FieldBlock}, from which a lookup makes only the string that it returns; the first operation that
 * needs all fields turns it into the list. Callers cannot tell the two apart.
 */
import type { FieldBlock } from './field-block.js'
import { brand } from '../brand.js'
import { LocalProtocolError } from '../errors.js'
import { blockToFlatList, findInBlock, findLastInBlock, sizeOfBlock, valueInBlock } from './field-block.js'
import { findInList, findLastInList } from './field-list.js'
import { equalsIgnoringCase } from './text.js'

/** The method that Node's console calls to print an object: a global symbol, so nothing is imported for it. */
const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom')

/** The list of a collection that has a block. */
const NOTHING: readonly string[] = []

/** A header field: its name, compared without regard to case, and its value. */
export type Field = readonly [name: string, value: string]

/**
 * Header fields in transmission order. Immutable: each operation returns another collection. Names that differ only in
 * the case of ASCII letters are equal; each keeps its own case.
 *
 * Nothing is checked here: a field that must not be sent is refused when it is sent.
 *
 * The laws below write `[…] ++ […]` for concatenation and `h = g` for `h.toList()` equal to `g.toList()`.
 *
 * @see RFC 9110 §5
 */
export class Headers implements Iterable<Field> {
  /** No fields at all. */
  static readonly empty = new Headers([], null)
  /** Name, value, name, value …; empty as long as there is a block. */
  private flat: readonly string[]
  /** The parsed fields; null if they were not parsed, and once all of them were read. */
  private block: FieldBlock | null

  /**
   * The serialized form of these fields, kept here by the wire layer because fields never change; null until then.
   * @internal
   */
  serialized: object | null

  private constructor(flat: readonly string[], block: FieldBlock | null) {
    this.flat = flat
    this.block = block
    this.serialized = null
  }

  /**
   * The collection of `fields`, given in transmission order.
   *
   * - `ofList(l).toList() = l`
   * - `ofList([['k', 'v1'], ['k', 'v2']]).get('k') = 'v2'`
   */
  static ofList(fields: readonly Field[]): Headers {
    return fields.length === 0 ? Headers.empty : new Headers(fields.flat(), null)
  }

  /**
   * The collection of `fields`, given in the reverse of the transmission order.
   *
   * - `ofRevList(l).toList() = reverse(l)`
   * - `ofRevList([['k', 'v1'], ['k', 'v2']]).get('k') = 'v1'`
   */
  static ofRevList(fields: readonly Field[]): Headers {
    return Headers.ofList(fields.toReversed())
  }

  /**
   * The collection of a record's entries, in the record's order. A list of values becomes that many fields.
   *
   * - `of({ a: 1, b: ['x', 'y'] }) = ofList([['a', '1'], ['b', 'x'], ['b', 'y']])`
   */
  static of(record: Readonly<Record<string, string | number | readonly string[]>>): Headers {
    const flat: string[] = []
    for (const [name, value] of Object.entries(record)) {
      const values = typeof value === 'object' ? value : [String(value)]
      for (const each of values) flat.push(name, each)
    }
    return new Headers(flat, null)
  }

  /**
   * The collection of parsed fields. The block belongs to the collection from then on.
   *
   * @internal
   */
  static ofBlock(block: FieldBlock): Headers {
    return new Headers(NOTHING, block)
  }

  /** The number of fields. */
  get size(): number {
    return this.block === null ? this.flat.length / 2 : sizeOfBlock(this.block)
  }

  /**
   * The fields in transmission order.
   *
   * - `ofList(h.toList()) = h`
   */
  toList(): Field[] {
    const fields: Field[] = []
    this.iter((name, value) => fields.push([name, value]))
    return fields
  }

  /**
   * The fields in the reverse of the transmission order.
   *
   * - `h.toRevList() = reverse(h.toList())`
   */
  toRevList(): Field[] {
    return this.toList().reverse()
  }

  /**
   * These fields, and one more at the end. It copies the list: to add many, use {@link addList} or {@link addMulti}.
   *
   * - `h.add(n, v).toList() = h.toList() ++ [[n, v]]`
   * - `h.add(n, v).get(n) = v`
   */
  add(name: string, value: string): Headers {
    return new Headers([...this.list(), name, value], null)
  }

  /**
   * These fields if one of them is called `name`, else these and one more at the end.
   *
   * - `h.addUnlessExists(n, v) = h` if `h.mem(n)`, else `h.add(n, v)`
   */
  addUnlessExists(name: string, value: string): Headers {
    return this.mem(name) ? this : this.add(name, value)
  }

  /**
   * These fields, and at the end those of `fields` in **reverse** order, as http/af has it.
   *
   * - `h.addList(l).toList() = h.toList() ++ reverse(l)`
   */
  addList(fields: readonly Field[]): Headers {
    return new Headers([...this.list(), ...fields.toReversed().flat()], null)
  }

  /**
   * These fields, and at the end one for each value of each name, in the order of {@link addList}. (That is the law
   * that http/af documents; its code does not reverse these.)
   *
   * - `h.addMulti([[n, [v, w]], [m, [x]]]) = h.addList([[n, v], [n, w], [m, x]])`
   */
  addMulti(fields: readonly (readonly [name: string, values: readonly string[]])[]): Headers {
    return this.addList(fields.flatMap(([name, values]) => values.map((value): Field => [name, value])))
  }

  /**
   * These fields without those called `name`.
   *
   * - `h.remove(n).toList() = [f for f in h.toList() if f's name is not n]`
   * - `h.remove(n) = h` unless `h.mem(n)`
   */
  remove(name: string): Headers {
    if (!this.mem(name)) return this
    const flat: string[] = []
    this.iter((other, value) => {
      if (!equalsIgnoringCase(other, name)) flat.push(other, value)
    })
    return new Headers(flat, null)
  }

  /**
   * These fields with all that are called `name` replaced by a single one, at the place of the first. Without one of
   * that name nothing is added. (The place is what http/af documents; its code takes the place of the last.)
   *
   * - `h.replace(n, v).getMulti(n) = [v]` if `h.mem(n)`
   * - `h.replace(n, v).remove(n) = h.remove(n)`
   * - `h.replace(n, v) = h` unless `h.mem(n)`
   */
  replace(name: string, value: string): Headers {
    const first = this.indexOf(name, 0)
    if (first < 0) return this
    const kept = this.remove(name).list()
    return new Headers([...kept.slice(0, 2 * first), name, value, ...kept.slice(2 * first)], null)
  }

  /**
   * Whether one of the fields is called `name`.
   *
   * - `h.mem(n) = (h.get(n) ≠ null)`
   */
  mem(name: string): boolean {
    return this.indexOf(name, 0) >= 0
  }

  /**
   * The value of the **last** field called `name` in transmission order, or null.
   *
   * - `h.get(n) = last(h.getMulti(n))`, or null if that is empty
   */
  get(name: string): string | null {
    const index = this.block === null ? findLastInList(this.flat, name) : findLastInBlock(this.block, name)
    return index < 0 ? null : this.valueAt(index)
  }

  /**
   * The value of the last field called `name`.
   *
   * @throws {@link LocalProtocolError} badField if there is none
   */
  getExn(name: string): string {
    const value = this.get(name)
    if (value === null) throw new LocalProtocolError('badField', `there is no field ${JSON.stringify(name)}`)
    return value
  }

  /**
   * The values of all fields called `name`, in transmission order.
   *
   * - `h.getMulti(n) = [v for [m, v] in h.toList() if m is n]`
   */
  getMulti(name: string): string[] {
    const values: string[] = []
    for (let i = this.indexOf(name, 0); i >= 0; i = this.indexOf(name, i + 1)) values.push(this.valueAt(i))
    return values
  }

  /** Calls `f` with each field's name and value, in transmission order. */
  iter(f: (name: string, value: string) => void): void {
    const flat = this.list()
    for (let i = 0; i < flat.length; i += 2) f(flat[i], flat[i + 1])
  }

  /**
   * Folds `f` over the fields in transmission order, beginning with `init`.
   *
   * - `h.fold(f, a)` of the fields `[n1, v1], [n2, v2]` is `f(n2, v2, f(n1, v1, a))`
   */
  fold<A>(f: (name: string, value: string, accumulator: A) => A, init: A): A {
    let accumulator = init
    this.iter((name, value) => (accumulator = f(name, value, accumulator)))
    return accumulator
  }

  /**
   * The fields as lines, and an empty line: for people and tests. Unchecked, and not what is sent.
   *
   * - `ofList([['a', 'b']]).toString() = 'a: b\r\n\r\n'`
   */
  toString(): string {
    return this.fold((name, value, text) => `${text}${name}: ${value}\r\n`, '') + '\r\n'
  }

  /** The value that Node's console prints: the fields, without the text of the head. @internal */
  [INSPECT](): string {
    return `Headers ${JSON.stringify(this.toList())}`
  }

  /** The fields in transmission order. */
  [Symbol.iterator](): IterableIterator<Field> {
    return this.toList()[Symbol.iterator]()
  }

  /**
   * The index of the first field at or after `from` that is called `name`; -1 if there is none. With {@link valueAt},
   * the way to look at all fields of a name without a list of their values.
   *
   * @internal
   */
  indexOf(name: string, from: number): number {
    return this.block === null ? findInList(this.flat, name, from) : findInBlock(this.block, name, from)
  }

  /**
   * The value of the field at `index`, from 0 to `size - 1`.
   *
   * @internal
   */
  valueAt(index: number): string {
    return this.block === null ? this.flat[2 * index + 1] : valueInBlock(this.block, index)
  }

  /** The parsed fields, with what the parser noted about them; null if they were not parsed. @internal */
  get parsed(): FieldBlock | null {
    return this.block
  }

  private list(): readonly string[] {
    if (this.block !== null) {
      this.flat = blockToFlatList(this.block)
      this.block = null
    }
    return this.flat
  }
}

brand(Headers, 'Headers')
