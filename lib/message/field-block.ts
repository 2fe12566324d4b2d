/**
 * Fields as they stand in the text of a head.
 *
 * Strategy: a server looks at a few of the fields that a client sends. So the parser only notes where names and values
 * stand, and a string is made for what somebody asks for. A lookup compares lengths first, then characters; nothing is
 * lower-cased or copied on the way.
 */
import { cutText, isSameText } from './text.js'

/**
 * The fields of a parsed head: for each field four offsets into `text`, in the order start of name, end of name, start
 * of value, end of value. The value has no blanks around it. Whoever makes one leaves it alone afterwards.
 *
 * @internal
 */
export interface FieldBlock {
  readonly text: string
  readonly offsets: readonly number[]
  /**
   * {@link lengthBit} of each name, together: most names that a server asks for are not there, and this says so at
   * once.
   */
  readonly nameLengths: number
  /**
   * Whether there is exactly one Host field, and its value is a name or an IPv4 address with perhaps a port, spelled
   * without escapes. That is seen in passing where the bytes are; `hostFault` sees the same, and the rest, but takes
   * 100 ns where all else that is asked of a head takes 500.
   */
  readonly hasPlainHost: boolean
  /**
   * Whether there is exactly one Connection field, and all that it says is `keep-alive`, as browsers do. It spares the
   * search for `close`, 100 ns of a head with 13 fields.
   */
  readonly saysKeepAlive: boolean
}

/** The bit that stands for names of this length. Lengths 32 apart share one. @internal */
export function lengthBit(length: number): number {
  return 1 << (length & 31)
}

/**
 * The index of the first field at or after `from` whose name is `name`; -1 if there is none.
 *
 * @internal
 */
export function findInBlock(block: FieldBlock, name: string, from: number): number {
  const { text, offsets } = block
  if ((block.nameLengths & lengthBit(name.length)) === 0) return -1
  for (let i = 4 * from; i < offsets.length; i += 4) {
    const start = offsets[i]
    if (offsets[i + 1] - start === name.length && isSameText(text, start, name)) return i >> 2
  }
  return -1
}

/**
 * The index of the last field whose name is `name`; -1 if there is none.
 *
 * @internal
 */
export function findLastInBlock(block: FieldBlock, name: string): number {
  const { text, offsets } = block
  if ((block.nameLengths & lengthBit(name.length)) === 0) return -1
  for (let i = offsets.length - 4; i >= 0; i -= 4) {
    const start = offsets[i]
    if (offsets[i + 1] - start === name.length && isSameText(text, start, name)) return i >> 2
  }
  return -1
}

/** The value of the field at `index`. @internal */
export function valueInBlock({ text, offsets }: FieldBlock, index: number): string {
  return cutText(text, offsets[4 * index + 2], offsets[4 * index + 3])
}

/**
 * The fields as a flat list of strings: name, value, name, value …
 *
 * @internal
 */
export function blockToFlatList(block: FieldBlock): string[] {
  const { text, offsets } = block
  const flat: string[] = []
  for (let i = 0; i < offsets.length; i += 2) flat.push(cutText(text, offsets[i], offsets[i + 1]))
  return flat
}
