/**
 * docs/replay.md keeps its word: its files are written to a folder in which the package is installed, its commands are
 * run there in order, and each prints what the page says.
 */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { assertBuilt, ROOT } from '../helpers/built.js'
import { codeBlocks } from '../helpers/markdown.js'

const BLOCKS = codeBlocks(readFileSync(join(ROOT, 'docs/replay.md'), 'utf8'))
const folder = mkdtempSync(join(tmpdir(), 'httprx-replay-'))
afterAll(() => { rmSync(folder, { recursive: true }) })

/** Returns what the command prints, as one in a shell whose `npx` finds the package. */
async function printed(command: string): Promise<string> {
  const node = `'${process.execPath}'`
  const program = `${node} node_modules/httprx/bin/httprx.js`
  const run = command.replace(/\bnpx httprx\b/, program).replace(/^node /, `${node} `)
  // The test runner of Node within another: it would report to that.
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined, NODE_OPTIONS: '' }
  const { stdout } = await promisify(execFile)('bash', ['-c', run], { cwd: folder, env })
  return stdout
}

describe('the walk-through', () => {
  beforeAll(() => {
    assertBuilt('esm')
    mkdirSync(join(folder, 'node_modules'))
    symlinkSync(ROOT, join(folder, 'node_modules/httprx'), 'dir')
    symlinkSync(join(ROOT, 'node_modules/rxjs'), join(folder, 'node_modules/rxjs'), 'dir')
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n')
  })

  it('works as described, from the recording to the corrected handler', async () => {
    for (const { kind, text } of BLOCKS) {
      const file = kind.split(' ').at(1)
      if (kind !== 'console') {
        if (file !== undefined) writeFileSync(join(folder, file), text)
        continue
      }
      let spoken = ''
      for (const [, command] of text.matchAll(/^\$ (.*)$/gm)) spoken += `$ ${command}\n${await printed(command)}`
      expect(spoken).toBe(text)
    }
  }, 120_000)
})
