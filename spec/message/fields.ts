/**
 * Generated fields for the laws of `Headers`, as lists and as parsed blocks.
 */
import * as fc from 'fast-check'
import { lengthBit, type FieldBlock } from '../../lib/message/field-block.js'
import { type Field, Headers } from '../../lib/message/headers.js'

/** Names that collide often, and some that do not. */
export const fieldName: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom('k', 'K', 'j', 'ab', 'aB', 'AB', 'ba', 'content-length', 'Content-Length', 'CONTENT-LENGTH'),
  fc.stringMatching(/^[!#$%&'*+.^_`|~\dA-Za-z-]{1,20}$/),
)

/** A value as a parser returns it: without controls, and without blanks at either end. */
export const fieldValue: fc.Arbitrary<string> = fc.stringMatching(/^[\x21-\x7e\xa1-\xff]{0,20}$/)

export const field: fc.Arbitrary<Field> = fc.tuple(fieldName, fieldValue)

export const fields: fc.Arbitrary<Field[]> = fc.array(field, { maxLength: 12 })

/** The blanks before and behind a value, of which the value has none. */
const BLANKS = [[' ', ''], ['', ''], ['\t ', ' \t'], ['', '  ']] as const

/** The block that a parser makes of these fields. */
export function blockOf(list: readonly Field[], startLine = 'GET / HTTP/1.1\r\n'): FieldBlock {
  const offsets: number[] = []
  let text = startLine
  for (const [index, [name, value]] of list.entries()) {
    const [before, behind] = BLANKS[index % BLANKS.length]
    offsets.push(text.length, text.length + name.length)
    text += `${name}:${before}${value}${behind}\r\n`
  }
  offsets.push(text.length)
  const nameLengths = list.reduce((bits, [name]) => bits | lengthBit(name.length), 0)
  return { text, offsets, nameLengths, hasPlainHost: false, saysKeepAlive: false, saysNoBody: false }
}

/** A collection with parsed fields. */
export function parsed(...list: readonly Field[]): Headers {
  return Headers.ofBlock(blockOf(list))
}

/** A collection and the list of its fields; about half of the collections are parsed. */
export const collection: fc.Arbitrary<{ headers: Headers; list: Field[] }> = fc
  .tuple(fields, fc.boolean())
  .map(([list, isParsed]) => ({ headers: isParsed ? parsed(...list) : Headers.ofList(list), list }))
