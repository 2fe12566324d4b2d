/**
 * docs/conformance.md matches the cases. `npm run conformance` writes it.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { ROOT } from '../helpers/built.js'
import { conformanceTable } from './trace.js'

const FILE = join(ROOT, 'docs/conformance.md')

it('docs/conformance.md has one row for each rule: npm run conformance', () => {
  const text = conformanceTable()
  if (process.env['WRITE_CONFORMANCE'] !== undefined) writeFileSync(FILE, text)
  expect(readFileSync(FILE, 'utf8')).toBe(text)
})
