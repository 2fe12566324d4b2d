/**
 * docs/security.md keeps its word: each row of what has gone wrong elsewhere names a spec, and each spec that is named
 * is there, with those words in it.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { DEFAULT_CONFIG } from '../lib/connection/config.js'
import { ROOT } from './helpers/built.js'

const TEXT = readFileSync(join(ROOT, 'docs/security.md'), 'utf8')
const WITNESS = /\]\(\.\.\/(spec\/[^)]+)\)\s"([^"]+)"/g
const ROWS = TEXT.split('\n## Defaults')[0].split('\n')
  .filter(line => line.startsWith('| ') && !line.startsWith('| known as'))

describe('docs/security.md', () => {
  it.each(ROWS.map(row => [row.split('|')[1].trim(), row]))('names a spec for %s', (_, row) => {
    expect([...row.matchAll(WITNESS)]).not.toEqual([])
  })

  it.each([...TEXT.matchAll(WITNESS)].map(([, file, words]) => [file, words]))('%s has "%s"', (file, words) => {
    expect(existsSync(join(ROOT, file))).toBe(true)
    expect(readFileSync(join(ROOT, file), 'utf8')).toContain(words)
  })

  it('says our bounds as they are', () => {
    expect(TEXT).toContain(`\`maxHeaderSize\` ${DEFAULT_CONFIG.maxHeaderSize / 1024} KiB`)
    expect(TEXT).toContain(`\`maxHeadersCount\` ${DEFAULT_CONFIG.maxHeadersCount}`)
  })
})
