/**
 * The public surface: what the declarations in dist/esm export is what the reports in etc/api/ say. `npm run api`
 * rewrites the reports, so that a change of the surface is seen in review.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { assertBuilt, ROOT } from './helpers/built.js'

const MANIFEST = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { exports: object }
const ENTRIES = Object.keys(MANIFEST.exports).filter(name => !name.endsWith('.json'))

/** Compares the surface with the reports in this folder; returns what was found, '' where they are the same. */
function compareWith(reports: string): string {
  const { stderr, status } = spawnSync(process.execPath, ['etc/api-report.js', '--check', reports], {
    cwd: ROOT,
    encoding: 'utf8',
  })
  return status === 0 ? '' : stderr
}

describe('the exported surface', () => {
  it('is the one of the reports', () => {
    assertBuilt('esm')
    expect(compareWith('etc/api')).toBe('')
  })

  it('has a report for each entry of the package', () => {
    assertBuilt('esm')
    const empty = mkdtempSync(join(tmpdir(), 'httprx-api-'))
    try {
      const found = compareWith(empty)
      for (const entry of ENTRIES) expect(found).toContain(`The surface of ${entry} is not what`)
    } finally {
      rmSync(empty, { recursive: true })
    }
  })

  it.each(ENTRIES)('of %s has every value that the report promises', async entry => {
    const report = readFileSync(join(ROOT, 'etc/api', `httprx${entry.slice(1).replaceAll('/', '-')}.api.md`), 'utf8')
    const values = report.matchAll(/^export (?:abstract )?(?:class|const|function) (\w+)/gm)
    const promised = [...values].map(match => match[1])
    const module = await import(`httprx${entry.slice(1)}`) as object
    expect(Object.keys(module)).toEqual(expect.arrayContaining(promised))
  })
})
