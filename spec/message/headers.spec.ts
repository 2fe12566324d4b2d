/**
 * The laws of header fields, as properties over generated lists.
 */
import { describe, expect, it } from '@jest/globals'
import * as fc from 'fast-check'
import { inspect } from 'node:util'
import { LocalProtocolError } from '../../lib/errors.js'
import { type Field, Headers } from '../../lib/message/headers.js'
import { blockOf, collection, field, fieldName, fieldValue, fields, parsed } from './fields.js'

const isCalled = (name: string) => (other: Field): boolean => other[0].toLowerCase() === name.toLowerCase()
const reverse = <T>(list: readonly T[]): T[] => [...list].reverse()

/** A collection, one of its names in any case or any other name, and a value. */
const lookup = collection.chain(({ headers, list }) => fc.record({
  headers: fc.constant(headers),
  list: fc.constant(list),
  name: list.length === 0 ? fieldName : fc.oneof(
    fieldName,
    fc.constantFrom(...list).chain(([name]) => fc.constantFrom(name, name.toLowerCase(), name.toUpperCase())),
  ),
  value: fieldValue,
}))

describe('Headers: the laws of construction', () => {
  it('ofList(l).toList() = l', () => {
    fc.assert(fc.property(fields, list => {
      expect(Headers.ofList(list).toList()).toEqual(list)
    }))
  })

  it('ofBlock(block of l).toList() = l', () => {
    fc.assert(fc.property(fields, list => {
      expect(parsed(...list).toList()).toEqual(list)
    }))
  })

  it('ofRevList(l).toList() = reverse(l)', () => {
    fc.assert(fc.property(fields, list => {
      expect(Headers.ofRevList(list).toList()).toEqual(reverse(list))
    }))
  })

  it('ofList(h.toList()) = h, ofRevList(h.toRevList()) = h', () => {
    fc.assert(fc.property(collection, ({ headers, list }) => {
      expect(Headers.ofList(headers.toList()).toList()).toEqual(list)
      expect(Headers.ofRevList(headers.toRevList()).toList()).toEqual(list)
    }))
  })

  it('get returns the last of two equal names in transmission order', () => {
    const list: Field[] = [['k', 'v1'], ['k', 'v2']]
    expect(Headers.ofList(list).get('k')).toBe('v2')
    expect(Headers.ofRevList(list).get('k')).toBe('v1')
    expect(parsed(...list).get('k')).toBe('v2')
  })

  it('of(record) = ofList of its entries, with one field for each value', () => {
    expect(Headers.of({ a: 1, b: ['x', 'y'], c: 'z', d: [] }).toList())
      .toEqual([['a', '1'], ['b', 'x'], ['b', 'y'], ['c', 'z']])
  })

  it('empty has no fields', () => {
    expect(Headers.empty.toList()).toEqual([])
    expect(Headers.empty.size).toBe(0)
    expect(Headers.ofList([])).toBe(Headers.empty)
  })
})

describe('Headers: the laws of addition', () => {
  it('h.add(n, v).toList() = h.toList() ++ [[n, v]]', () => {
    fc.assert(fc.property(collection, field, ({ headers, list }, [name, value]) => {
      expect(headers.add(name, value).toList()).toEqual([...list, [name, value]])
    }))
  })

  it('h.add(n, v).get(n) = v', () => {
    fc.assert(fc.property(lookup, ({ headers, name, value }) => {
      expect(headers.add(name, value).get(name)).toBe(value)
    }))
  })

  it('h.addUnlessExists(n, v) = h if h.mem(n), else h.add(n, v)', () => {
    fc.assert(fc.property(lookup, ({ headers, name, value }) => {
      const expected = headers.mem(name) ? headers : headers.add(name, value)
      expect(headers.addUnlessExists(name, value).toList()).toEqual(expected.toList())
    }))
  })

  it('h.addList(l).toList() = h.toList() ++ reverse(l)', () => {
    fc.assert(fc.property(collection, fields, ({ headers, list }, added) => {
      expect(headers.addList(added).toList()).toEqual([...list, ...reverse(added)])
    }))
  })

  it('h.addMulti(l) = h.addList of each value with its name', () => {
    const multi = fc.array(fc.tuple(fieldName, fc.array(fieldValue, { maxLength: 3 })), { maxLength: 4 })
    fc.assert(fc.property(collection, multi, ({ headers }, added) => {
      const flat = added.flatMap(([name, values]) => values.map((value): Field => [name, value]))
      expect(headers.addMulti(added).toList()).toEqual(headers.addList(flat).toList())
    }))
  })
})

describe('Headers: the laws of removal', () => {
  it('h.remove(n).toList() = the fields of h that are not called n', () => {
    fc.assert(fc.property(lookup, ({ headers, list, name }) => {
      expect(headers.remove(name).toList()).toEqual(list.filter(other => !isCalled(name)(other)))
    }))
  })

  it('h.replace(n, v).getMulti(n) = [v] if h.mem(n)', () => {
    fc.assert(fc.property(lookup, ({ headers, name, value }) => {
      fc.pre(headers.mem(name))
      expect(headers.replace(name, value).getMulti(name)).toEqual([value])
    }))
  })

  it('h.replace(n, v).remove(n) = h.remove(n)', () => {
    fc.assert(fc.property(lookup, ({ headers, name, value }) => {
      expect(headers.replace(name, value).remove(name).toList()).toEqual(headers.remove(name).toList())
    }))
  })

  it('h.replace(n, v) = h.remove(n) = h unless h.mem(n)', () => {
    fc.assert(fc.property(lookup, ({ headers, name, value }) => {
      fc.pre(!headers.mem(name))
      expect(headers.replace(name, value)).toBe(headers)
      expect(headers.remove(name)).toBe(headers)
    }))
  })

  it.each<[what: string, before: Field[], after: Field[]]>([
    ['the last field', [['c', 'd'], ['a', 'b']], [['c', 'd'], ['a', 'z']]],
    ['a field in the middle', [['e', 'f'], ['A', 'b'], ['c', 'd']], [['e', 'f'], ['a', 'z'], ['c', 'd']]],
    ['the first of two, dropping the other', [['a', '1'], ['c', 'd'], ['A', '2']], [['a', 'z'], ['c', 'd']]],
  ])('h.replace(n, v) keeps the position of %s', (_what, before, after) => {
    expect(Headers.ofList(before).replace('a', 'z').toList()).toEqual(after)
    expect(parsed(...before).replace('a', 'z').toList()).toEqual(after)
  })
})

describe('Headers: the laws of lookup', () => {
  it('h.getMulti(n) = the values of the fields called n', () => {
    fc.assert(fc.property(lookup, ({ headers, list, name }) => {
      expect(headers.getMulti(name)).toEqual(list.filter(isCalled(name)).map(([, value]) => value))
    }))
  })

  it('h.get(n) = last(h.getMulti(n)), or null', () => {
    fc.assert(fc.property(lookup, ({ headers, name }) => {
      expect(headers.get(name)).toBe(headers.getMulti(name).at(-1) ?? null)
    }))
  })

  it('h.mem(n) = (h.get(n) is not null)', () => {
    fc.assert(fc.property(lookup, ({ headers, name }) => {
      expect(headers.mem(name)).toBe(headers.get(name) !== null)
    }))
  })

  it('h.getExn(n) = h.get(n), or throws badField', () => {
    expect(parsed(['Host', 'h']).getExn('host')).toBe('h')
    const missing = (): string => Headers.empty.getExn('host')
    expect(missing).toThrow(LocalProtocolError)
    expect(missing).toThrow(expect.objectContaining({ code: 'badField' }))
  })

  it('lookups return the same before and after toList()', () => {
    fc.assert(fc.property(lookup, ({ headers, name }) => {
      const before = [headers.get(name), headers.getMulti(name), headers.size]
      headers.toList()
      expect([headers.get(name), headers.getMulti(name), headers.size]).toEqual(before)
    }))
  })

  it('lookups ignore the case of ASCII letters and of no other character', () => {
    const characters = Array.from({ length: 0x180 }, (_, code) => String.fromCharCode(code))
    const lower = (c: string): string => c.replace(/[A-Z]/, letter => letter.toLowerCase())
    for (const x of characters) {
      const [own, block] = [Headers.ofList([[x, '']]), parsed([x, ''])]
      const [found, equal] = [[] as string[], characters.filter(y => lower(x) === lower(y))]
      for (const y of characters) if (own.mem(y) && block.mem(y)) found.push(y)
      expect(found).toEqual(equal)
    }
  })
})

describe('Headers: iteration', () => {
  it('iter, fold and the iterator visit the fields in transmission order', () => {
    fc.assert(fc.property(collection, ({ headers, list }) => {
      const seen: Field[] = []
      headers.iter((name, value) => seen.push([name, value]))
      expect(seen).toEqual(list)
      expect(headers.fold<Field[]>((name, value, before) => [...before, [name, value]], [])).toEqual(list)
      expect([...headers]).toEqual(list)
    }))
  })

  it('h.size = the length of h.toList()', () => {
    fc.assert(fc.property(collection, ({ headers, list }) => {
      expect(headers.size).toBe(list.length)
    }))
  })

  it('h.toRevList() = reverse(h.toList())', () => {
    fc.assert(fc.property(collection, ({ headers, list }) => {
      expect(headers.toRevList()).toEqual(reverse(list))
    }))
  })

  it('inspect shows the fields of a parsed head', () => {
    expect(inspect(parsed(['Host', 'a'], ['X', 'y']))).toBe('Headers [["Host","a"],["X","y"]]')
  })

  it('toString writes a line for each field, then an empty line', () => {
    expect(Headers.ofList([['a', 'b'], ['C', 'd e']]).toString()).toBe('a: b\r\nC: d e\r\n\r\n')
    expect(Headers.empty.toString()).toBe('\r\n')
  })
})

describe('Headers: immutability', () => {
  it('no operation changes the collection', () => {
    fc.assert(fc.property(lookup, ({ headers, list, name, value }) => {
      headers.add(name, value)
      headers.addUnlessExists(name, value)
      headers.addList([[name, value]])
      headers.addMulti([[name, [value]]])
      headers.remove(name)
      headers.replace(name, value)
      headers.toList().pop()
      expect(headers.toList()).toEqual(list)
    }))
  })
})

describe('Headers of a head longer than 1 KiB', () => {
  const list: Field[] = [['Cookie', 'x'.repeat(1024)], ['User-Agent', 'a browser of some name'], ['C', 'c']]

  it('return the values of its fields', () => {
    const block = blockOf(list)
    expect(block.text.length).toBeGreaterThan(1024)
    expect(Headers.ofBlock(block).get('user-agent')).toBe('a browser of some name')
    expect(Headers.ofBlock(block).toList()).toEqual(list)
  })
})
