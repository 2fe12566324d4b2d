/**
 * Every demo is run, as its reader would run it. A demo is a program in demos/ that prints its address when it listens
 * (on `PORT`, where it is set) and ends on SIGTERM, or that prints what it has to show and ends by itself.
 *
 * Each has an entry in `EXERCISES`; one that has none fails the spec.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { assertBuilt, ROOT } from './helpers/built.js'
import { Program } from './helpers/program.js'

type Exercise = (demo: Program) => Promise<void>

/** What is done with each running demo; it is stopped afterwards. */
const EXERCISES: Record<string, Exercise> = {}

const DEMOS = readdirSync(join(ROOT, 'demos')).flatMap(file => /^(.*)\.ts$/.exec(file)?.[1] ?? [])

describe('every demo', () => {
  beforeAll(() => { assertBuilt('demos') })

  it('is exercised here, and nothing else is', () => {
    expect(Object.keys(EXERCISES).sort()).toEqual([...DEMOS].sort())
  })

  for (const name of DEMOS) {
    it(`${name} has at most 60 lines`, () => {
      const text = readFileSync(join(ROOT, 'demos', `${name}.ts`), 'utf8')
      expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(60)
    })
  }

  for (const [name, exercise] of Object.entries(EXERCISES)) {
    it(`${name} does what it shows`, async () => {
      const demo = new Program(join('dist/demos', `${name}.js`))
      try {
        await exercise(demo)
      } finally {
        await demo.stop()
      }
    })
  }
})
