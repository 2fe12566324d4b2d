/**
 * The remaining demand.
 */
import { describe, expect, it } from '@jest/globals'
import { Credit } from '../../lib/demand/credit.js'

describe('Credit', () => {
  it('is zero before the first demand', () => {
    const credit = new Credit()
    expect([credit.left, credit.isWhole]).toEqual([0, false])
  })

  it('is reduced by the cost of values, and may become negative with the last', () => {
    const credit = new Credit()
    credit.grant(10)
    expect([credit.left, credit.isWhole]).toEqual([10, true])
    credit.spend(4)
    expect([credit.left, credit.isWhole]).toEqual([6, false])
    credit.spend(9)
    expect([credit.left, credit.isWhole]).toEqual([-3, false])
  })

  it('is replaced by the next demand, whether some was left or it was negative', () => {
    const credit = new Credit()
    credit.grant(10)
    credit.spend(25)
    credit.grant(8)
    expect([credit.left, credit.isWhole]).toEqual([8, true])
    credit.spend(1)
    credit.grant(3)
    expect(credit.left).toBe(3)
  })

  it('is not whole if nothing was demanded', () => {
    const credit = new Credit()
    credit.grant(0)
    expect(credit.isWhole).toBe(false)
  })
})
