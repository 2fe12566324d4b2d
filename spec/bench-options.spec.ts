/**
 * The command line of the benchmarks.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { beforeAll, expect, it } from '@jest/globals'
import { assertBuilt, ROOT } from './helpers/built.js'

beforeAll(() => { assertBuilt('bench') })

it.each([
  ['--seconds', '1.5'], ['--seconds', '0'], ['--seconds', 'three'], ['--rounds', '2.5'], ['--rounds', '-1'],
])('refuses %s %s with a sentence', (option, value) => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath, [join(ROOT, 'dist/bench/hello.js'), `${option}=${value}`], { encoding: 'utf8' },
  )
  expect(stderr).toBe(`${option} must be a whole number of at least 1, not ${value}\n`)
  expect([status, stdout]).toEqual([2, ''])
})
