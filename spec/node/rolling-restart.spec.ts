/**
 * A cluster whose workers are replaced under load.
 */
import { describe, expect, it } from '@jest/globals'
import { assertBuilt } from '../helpers/built.js'
import { afterwards } from '../helpers/net.js'
import { Program } from '../helpers/program.js'

describe('a rolling restart of two workers', () => {
  it('fails no request of clients that keep their connections alive', async () => {
    assertBuilt('esm')
    const program = new Program('spec/programs/rolling-restart.js', { CLIENTS: '8', ROUNDS: '1' }, 60_000)
    afterwards(() => program.stop())
    expect(await program.printed(/.* replaced/)).toMatch(/^[1-9]\d* requests, 0 failed, 2 workers replaced$/)
    expect(await program.ended()).toBe(0)
  }, 60_000)
})
