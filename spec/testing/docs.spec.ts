/**
 * docs/testing.md and docs/cookbook.md keep their word: each of their examples compiles, runs to its end, and prints
 * what it says.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { ROOT } from '../helpers/built.js'
import { codeBlocks, compileBlocks, transpileCommonJs, type Block } from '../helpers/markdown.js'

type Program = (load: typeof require, exports: object, console: object) => Promise<void>

/**
 * Runs the block here, with the sources in the place of the package. Resolves with what it prints; the place of a call
 * is that in a file of the reader.
 */
async function run(block: Block): Promise<string> {
  const printed: string[] = []
  const log = (...values: unknown[]): void => { printed.push(`${values.map(shown).join(' ')}\n`) }
  const code = `return (async () => {${transpileCommonJs(block)}})()\n//# sourceURL=/reader/handler.ts`
  // eslint-disable-next-line @typescript-eslint/no-implied-eval
  const program = new Function('require', 'exports', 'console', code) as Program
  await program(require, {}, { log })
  return printed.join('').replaceAll(/ called at \S+:\d+/g, ' called at handler.ts:12')
}

function shown(value: unknown): string {
  return Array.isArray(value) ? `[ ${value.map(item => `'${String(item)}'`).join(', ')} ]` : String(value)
}

describe.each(['docs/testing.md', 'docs/cookbook.md'])('the examples of %s', page => {
  const blocks = codeBlocks(readFileSync(join(ROOT, page), 'utf8'))
  const code = blocks.filter(({ kind }) => kind === 'ts run')
  let errors: string[]
  beforeAll(() => { errors = compileBlocks(code) })

  code.forEach((block, index) => {
    it(`at line ${block.line} compiles, runs and prints what it says`, async () => {
      expect(errors[index]).toBe('')
      const next = blocks.at(blocks.indexOf(block) + 1)
      expect(await run(block)).toBe(next?.kind === 'text' ? next.text : '')
    })
  })
})
