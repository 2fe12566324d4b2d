/**
 * The code in those pages of docs/ that is not run by a spec of its own compiles against the library.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { ROOT } from './helpers/built.js'
import { codeBlocks, compileBlocks } from './helpers/markdown.js'

/** Pages whose code other specs run. */
const RUN_ELSEWHERE = new Set(['testing.md', 'cookbook.md', 'recipes.md', 'replay.md'])

const PAGES = readdirSync(join(ROOT, 'docs')).filter(name => name.endsWith('.md') && !RUN_ELSEWHERE.has(name))
  .map(name => ({ name, blocks: codeBlocks(readFileSync(join(ROOT, 'docs', name), 'utf8')) }))
  .map(({ name, blocks }) => ({ name, blocks: blocks.filter(({ kind }) => kind.startsWith('ts')) }))
  .filter(({ blocks }) => blocks.length > 0)

describe('the code in docs/', () => {
  it.each(PAGES)('compiles: $name', ({ blocks }) => {
    expect(compileBlocks(blocks).filter(error => error !== '')).toEqual([])
  })
})
