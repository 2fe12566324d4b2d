/**
 * One port for several processes, if Node and the operating system support it; otherwise a clear error.
 */
import { describe, expect, it } from '@jest/globals'
import { serve } from '../../lib/node/serve.js'
import { assertBuilt } from '../helpers/built.js'
import { freePort } from '../helpers/listening.js'
import { afterwards } from '../helpers/net.js'
import { Program } from '../helpers/program.js'

const [major, minor] = process.versions.node.split('.').map(Number)
const hasReusePort = major > 23 || (major === 23 && minor >= 1) || (major === 22 && minor >= 12)

/** So many connections that one of two processes hardly receives all of them by chance. */
const MANY = 200

describe('reusePort', () => {
  const where = hasReusePort ? it : it.skip
  where('shares a port among processes: each gets connections', async () => {
    assertBuilt('esm')
    const port = await freePort()
    const programs = [1, 2].map(() => new Program('spec/programs/reuse-port.js', { PORT: String(port) }))
    for (const program of programs) afterwards(() => program.stop())
    for (const program of programs) await program.address()
    const answers = new Set<string>()
    for (let count = 0; count < MANY && answers.size < 2; count++) {
      answers.add(await (await fetch(`http://127.0.0.1:${port}/`)).text())
    }
    expect(answers.size).toBe(2)
    for (const program of programs) expect(await program.stop()).toBe(0)
  })

  const elsewhere = hasReusePort ? it.skip : it
  elsewhere('is refused in words where Node has it not', async () => {
    const server = serve(() => ({}), { host: '127.0.0.1', port: 0, reusePort: true })
    await expect(server.listening).rejects.toMatchObject({
      code: 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM',
      message: expect.stringMatching(/reusePort needs Node 22\.12 or 23\.1, and this is \d+/),
    })
  })
})
