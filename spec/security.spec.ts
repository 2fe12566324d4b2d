/**
 * docs/security.md keeps its word: each row of what has gone wrong elsewhere names a spec, and each spec that is named
 * is there, with those words in it.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { DEFAULT_CONFIG } from '../lib/connection/config.js'
import { HANDSHAKE_TIMEOUT_MS } from '../lib/node/listen-options.js'
import { settingsOf } from '../lib/reactive/options.js'
import { ROOT } from './helpers/built.js'

const TEXT = readFileSync(join(ROOT, 'docs/security.md'), 'utf8')
const WITNESS = /\]\(\.\.\/(spec\/[^)]+)\)\s"([^"]+)"/g

/** A cell of our column: an option with its default. */
const DEFAULT = /^\|[^|]*\| `(\w+)` (none|[\d.]+) ?(s|KiB|MiB|)[^|]*\|/gm
const UNITS: Record<string, number> = { 's': 1000, 'KiB': 1024, 'MiB': 1024 * 1024, '': 1 }
const DEFAULTS: Record<string, unknown> = {
  ...DEFAULT_CONFIG, ...settingsOf({}), handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
}

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

  it.each([...TEXT.matchAll(DEFAULT)].map(([, name, value, unit]) => [name, value, unit]))(
    'says the default of %s as it is: %s %s', (name, value, unit) => {
      const number = value === 'none' ? 0 : Number(value) * UNITS[unit]
      expect(DEFAULTS[name]).toBe(number)
    })

  it('says every time limit that has a default', () => {
    const names = Object.entries(DEFAULTS).filter(([name, value]) => name.endsWith('Timeout') && Number(value) > 0)
    for (const [name] of names) expect(TEXT).toContain(`\`${name}\``)
  })
})
