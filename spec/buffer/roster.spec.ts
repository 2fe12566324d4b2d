/**
 * A set of members in the order of their addition.
 */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { Roster, type Member } from '../../lib/buffer/roster.js'

class One implements Member<One> {
  memberBefore: One | null = null
  memberAfter: One | null = null
}

describe('a roster', () => {
  it('behaves like a Set, and leaves no links in removed members', () => {
    const steps = fc.array(fc.tuple(fc.constantFrom('add', 'delete'), fc.nat(6)), { maxLength: 60 })
    fc.assert(fc.property(steps, all => {
      const ones = Array.from({ length: 7 }, () => new One())
      const [roster, model] = [new Roster<One>(), new Set<One>()]
      for (const [step, index] of all) {
        roster[step](ones[index])
        model[step](ones[index])
        expect([...roster]).toEqual([...model])
        expect(roster.size).toBe(model.size)
        expect(ones.map(one => roster.has(one))).toEqual(ones.map(one => model.has(one)))
        for (const one of ones) if (!model.has(one)) expect(one).toEqual(new One())
      }
    }))
  })

  it('does not iterate over members that are removed or added meanwhile', () => {
    const [first, second, third, late] = Array.from({ length: 4 }, () => new One())
    const roster = new Roster<One>()
    for (const one of [first, second, third]) roster.add(one)
    const given: One[] = []
    for (const one of roster) {
      given.push(one)
      roster.delete(first)
      roster.delete(second)
      roster.add(late)
    }
    expect(given).toHaveLength(2)
    expect(given[0]).toBe(first)
    expect(given[1]).toBe(third)
    expect([...roster]).toHaveLength(2)
  })

  it('iterates over all members in spite of a nested iteration and removals', () => {
    const ones = Array.from({ length: 3 }, () => new One())
    const roster = new Roster<One>()
    for (const one of ones) roster.add(one)
    let count = 0
    for (const one of roster) {
      roster.delete(one)
      for (const { memberBefore } of roster) count += memberBefore === null ? 1 : 100
    }
    expect(count).toBe(101 + 1)
    expect(roster.size).toBe(0)
  })
})
