/**
 * The edges of settling: a loop that nothing ends, a runtime that does not tell what is begun, and what is not ours.
 */
import { execFile } from 'node:child_process'
import { describe, expect, it } from '@jest/globals'
import { Activity } from '../../lib/testing/activity.js'
import { Settling } from '../../lib/testing/settling.js'
import { get, marblesAsync } from '../../lib/testing/index.js'
import { assertBuilt, ROOT } from '../helpers/built.js'

/** Runs the handler's text in its own process. Resolves with the exit and the output of the process. */
async function outcomeOf(handler: string): Promise<{ code: unknown; printed: string }> {
  const program = `
    const { get, marblesAsync } = require('httprx/testing')
    marblesAsync(({ serve }) => { serve(${handler}).connect('a', { a: get('/') }) })
      .then(() => console.log('passed'), error => console.log(String(error)))`
  return new Promise(resolve => {
    execFile(process.execPath, ['-e', program], { cwd: ROOT, timeout: 25_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : error.code, printed: stdout + stderr })
    })
  })
}

describe('a loop of promises that nothing ends', () => {
  it.each([
    ['of what is no promise', 'async () => { for (;;) await null }'],
    ['that goes on in spite of errors', 'async () => { for (;;) try { await Promise.resolve() } catch {} }'],
    ['of callbacks of queueMicrotask', '() => { const again = () => queueMicrotask(again); again() }'],
    ['of callbacks of nextTick', '() => { const again = () => process.nextTick(again); again() }'],
  ])('ends the process with the reason: %s', async (_, handler) => {
    assertBuilt('cjs')
    const { code, printed } = await outcomeOf(handler)
    expect(code).not.toBe(0)
    expect(printed).toMatch(/Promises settle one after another without end at frame 0: 250,000 so far/)
  })
})

describe('a runtime without async hooks', () => {
  it('gives promises several turns of the event loop', async () => {
    const settling = new Settling(new Activity(() => undefined), () => 0)
    let hops = 0
    const hop = async (): Promise<void> => {
      for (; hops < 100; hops++) await Promise.resolve()
      await new Promise(resolve => { setImmediate(resolve) })
      hops++
    }
    void hop()
    expect(await new Promise(resolve => { settling.settle(resolve) })).toBeNull()
    expect(hops).toBe(101)
  })
})

describe('code that is not under test', () => {
  it('is not named: code that the test started, and code that has ended', async () => {
    const before = setTimeout(() => undefined, 1_000)
    await expect(marblesAsync(({ serve }) => {
      serve(async () => {
        const response = await fetch('data:text/plain,x')
        await fetch(new Request('data:text/plain,y'))
        return { body: await response.text(), status: 200 }
      }).connect('a', { a: get('/') })
    })).resolves.toBeUndefined()
    clearTimeout(before)
  })
})
