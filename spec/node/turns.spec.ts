/**
 * Tasks with a turn of the event loop between them.
 */
import { describe, expect, it } from '@jest/globals'
import { Turns } from '../../lib/node/turns.js'

const turn = (): Promise<void> => new Promise(resolve => { setImmediate(resolve) })

describe('Turns', () => {
  it('run four tasks in a turn of the event loop, in order', async () => {
    const turns = new Turns()
    const done: number[] = []
    for (let task = 0; task < 10; task++) turns.add(() => { done.push(task) })
    expect(done).toEqual([])
    for (const count of [4, 8, 10]) {
      await turn()
      expect(done).toEqual(Array.from({ length: count }, (_, index) => index))
    }
  })

  it('queue a repeated task behind the waiting ones, in another turn', async () => {
    const turns = new Turns()
    const done: string[] = []
    turns.add(() => {
      done.push('a')
      turns.add(() => { done.push('a again') })
    })
    turns.add(() => { done.push('b') })
    await turn()
    expect(done).toEqual(['a', 'b'])
    await turn()
    expect(done).toEqual(['a', 'b', 'a again'])
  })

  it('continue after they were empty', async () => {
    const turns = new Turns()
    const done: string[] = []
    for (const name of ['a', 'b']) {
      turns.add(() => { done.push(name) })
      await turn()
      await turn()
    }
    expect(done).toEqual(['a', 'b'])
  })
})
