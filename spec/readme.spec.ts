/**
 * The README keeps its word: what it shows compiles, runs and prints what it says.
 *
 *   ```ts        a module of its own: it compiles against the library
 *   ```ts run    the same, and it runs to its end; a ```text block behind it is what it prints (else: nothing)
 *   ```ts serve  the same, and it stays; each ```console block behind it, up to the next ```ts, is a dialogue with it:
 *                lines after `$ ` are commands, the others are what they print. Port 8080 stands for a free one.
 */
import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { assertBuilt, ROOT } from './helpers/built.js'
import { freePort } from './helpers/listening.js'
import { codeBlocks, compileBlocks, transpileBlock, type Block } from './helpers/markdown.js'
import { Program } from './helpers/program.js'

const BLOCKS = codeBlocks(readFileSync(join(ROOT, 'README.md'), 'utf8'))
const isCode = (block: Block): boolean => /^ts\b/.test(block.kind)
const CODE = BLOCKS.filter(isCode)

/** Returns the blocks behind this one, up to the next program. */
function blocksBehind(block: Block): Block[] {
  const behind = BLOCKS.slice(BLOCKS.indexOf(block) + 1)
  const end = behind.findIndex(isCode)
  return end < 0 ? behind : behind.slice(0, end)
}

/** Writes the block where the package's name means our build, and starts it. */
function start(block: Block, port: number): Program {
  const file = join(ROOT, 'dist/readme', `line-${block.line}.js`)
  mkdirSync(join(ROOT, 'dist/readme'), { recursive: true })
  writeFileSync(file, transpileBlock(block).replaceAll('8080', String(port)))
  return new Program(file, {})
}

/** Returns the dialogue with each command's output replaced by what the command prints now. */
async function replay(dialogue: string, port: number): Promise<string> {
  let spoken = ''
  for (const [, command] of dialogue.matchAll(/^\$ (.*)$/gm)) {
    const { stdout } = await promisify(execFile)('bash', ['-c', command.replaceAll('8080', String(port))])
    spoken += `$ ${command}\n${stdout.replaceAll(String(port), '8080')}`
  }
  return spoken
}

describe('the code in the README', () => {
  let errors: string[]
  beforeAll(() => {
    assertBuilt('esm')
    errors = compileBlocks(CODE)
  })

  it('has code blocks in known languages only', () => {
    const known = ['ts', 'ts run', 'ts serve', 'text', 'console', 'sh', 'json']
    expect(BLOCKS.filter(block => !known.includes(block.kind))).toEqual([])
  })

  CODE.forEach((block, index) => {
    it(`compiles (line ${block.line})`, () => {
      expect(errors[index]).toBe('')
    })
  })

  for (const block of CODE.filter(({ kind }) => kind === 'ts run')) {
    it(`prints the output that it states (line ${block.line})`, async () => {
      const program = start(block, await freePort())
      expect(await program.ended()).toBe(0)
      const said = blocksBehind(block).find(({ kind }) => kind === 'text')
      expect(program.output).toBe(said?.text ?? '')
    })
  }

  for (const block of CODE.filter(({ kind }) => kind === 'ts serve')) {
    it(`answers as it states (line ${block.line})`, async () => {
      const port = await freePort()
      const program = start(block, port)
      try {
        await program.address()
        for (const { text } of blocksBehind(block).filter(({ kind }) => kind === 'console')) {
          expect(await replay(text, port)).toBe(text)
        }
      } finally {
        await program.stop()
      }
    })
  }
})

describe('the check itself', () => {
  it('finds code that does not compile', () => {
    const [good, bad] = compileBlocks(codeBlocks(
      "```ts\nimport { LocalProtocolError } from 'httprx/core'\nexport const kind = LocalProtocolError\n```\n"
      + "```ts\nimport { Nowhere } from 'httprx/core'\nexport const kind: string = Nowhere\n```\n"))
    expect(good).toBe('')
    expect(bad).toContain("has no exported member 'Nowhere'")
  })
})
