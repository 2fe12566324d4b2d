/**
 * docs/security.md is true: each row about a fault of another server names a spec, and each named spec exists and
 * contains the quoted words. The defaults are those of the code, ours and theirs.
 */
import { existsSync, readFileSync } from 'node:fs'
import { createServer, maxHeaderSize, type Server } from 'node:http'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { fastify } from 'fastify'
import { DEFAULT_CONFIG } from '../lib/connection/config.js'
import { HANDSHAKE_TIMEOUT_MS } from '../lib/node/listen-options.js'
import { settingsOf } from '../lib/reactive/connection-options.js'
import { ROOT } from './helpers/built.js'

const TEXT = readFileSync(join(ROOT, 'docs/security.md'), 'utf8')
const WITNESS = /\]\(\.\.\/(spec\/[^)]+)\)\s"([^"]+)"/g

/** A cell of our column: an option with its default. */
const DEFAULT = /^\|[^|]*\| `(\w+)` (none|[\d.]+) ?(s|KiB|MiB|)[^|]*\|/gm
const UNITS: Record<string, number> = { 's': 1000, 'KiB': 1024, 'MiB': 1024 * 1024, '': 1 }
const DEFAULTS: Record<string, unknown> = {
  ...DEFAULT_CONFIG, ...settingsOf({}), handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
}

/** The cells of the table of defaults: what it is, ours, that of node:http, of Fastify, of nginx. */
const CELLS = TEXT.split('\n## Defaults')[1].split('\n').filter(line => line.startsWith('| '))
  .map(line => line.split('|').slice(1, -1).map(cell => cell.trim()))

/** The value of a cell in milliseconds, bytes or pieces; 0 if there is no such limit. */
function numberIn(cell: string): number {
  const [, digits, unit] = /([\d,]+) ?(s|KiB|MiB|)/.exec(cell) ?? ['', '0', '']
  return Number(digits.replace(',', '')) * UNITS[unit]
}

/** The values of these rows in a server of node:http. */
const KEPT: Readonly<Record<string, (server: Server) => number>> = {
  'head': () => maxHeaderSize,
  'time for a head': server => server.headersTimeout,
  'time for a request': server => server.requestTimeout,
  'idle connection': server => server.keepAliveTimeout,
  'a client that stops reading': server => server.timeout,
  'requests of a connection': server => server.maxRequestsPerSocket ?? 0,
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
    'has the default of %s: %s %s', (name, value, unit) => {
      const number = value === 'none' ? 0 : Number(value) * UNITS[unit]
      expect(DEFAULTS[name]).toBe(number)
    })

  it('has every time limit that has a default', () => {
    const names = Object.entries(DEFAULTS).filter(([name, value]) => name.endsWith('Timeout') && Number(value) > 0)
    for (const [name] of names) expect(TEXT).toContain(`\`${name}\``)
  })

  it.each(Object.entries(KEPT))('has the default of node:http and Fastify: %s', (what, kept) => {
    const [, , ofNode, ofFastify] = CELLS.find(([first]) => first === what)!
    expect(numberIn(ofNode)).toBe(kept(createServer()))
    expect(numberIn(ofFastify)).toBe(kept(fastify().server))
  })

  it('has the default body limit of Fastify', () => {
    const [, , , ofFastify] = CELLS.find(([first]) => first === 'a request body')!
    expect(numberIn(ofFastify)).toBe(fastify().initialConfig.bodyLimit)
  })
})
