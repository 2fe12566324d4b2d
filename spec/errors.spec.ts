/**
 * The README is where codes, events and limits are looked up: each of them has its row there, and no other.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { DEFAULT_CONFIG } from '../lib/connection/config.js'
import { DEFAULT_HIGH_WATER_MARK } from '../lib/demand/water-marks.js'
import {
  HandlerTimeoutError, LocalProtocolError, REMOTE_FAULTS, RemoteProtocolError, SourceTimeoutError,
  type LocalErrorCode, type RemoteErrorCode,
} from '../lib/errors.js'
import { HANDSHAKE_TIMEOUT_MS } from '../lib/node/listen-options.js'
import { settingsOf } from '../lib/reactive/connection-options.js'
import type { ConnectionEvent } from '../lib/runtime/events.js'
import { ROOT } from './helpers/built.js'

const README = readFileSync(join(ROOT, 'README.md'), 'utf8')

/** The cells of each row of the tables in a section. */
function rowsOf(heading: string): string[][] {
  const start = README.indexOf(`\n## ${heading}\n`) + 1
  const section = README.slice(start, README.indexOf('\n## ', start))
  return [...section.matchAll(/^\| (`.*) \|$/gm)].map(([, row]) => row.split(' | '))
}

/** The names in back quotes in the first column. */
function namesIn(heading: string): string[] {
  return rowsOf(heading).flatMap(([first]) => [...first.matchAll(/`(\w+)`/g)].map(([, name]) => name))
}

/** The compiler ensures that no code is missing. */
const LOCAL_CODES: Record<LocalErrorCode, true> = {
  alreadyResponded: true,
  alreadyScheduled: true,
  alreadyYielded: true,
  badField: true,
  badFraming: true, badOption: true,
  badRange: true,
  badState: true,
  badStatus: true,
  badUpgrade: true,
  bodyClosed: true,
  bodyTooLong: true,
  bodyTooShort: true,
}

const EVENTS: Record<ConnectionEvent['type'], true> = {
  open: true,
  stalled: true,
  close: true,
  request: true,
  response: true,
  bytesIn: true,
  bytesOut: true,
  writeWaits: true,
  inputEnd: true,
  readerYield: true,
  readerResume: true,
  writerYield: true,
  writerResume: true,
  pause: true,
  resume: true,
  upgrade: true,
  drop: true,
  ahead: true,
  timeout: true,
  error: true,
  handshakeError: true,
}

describe('the README', () => {
  it('has each code of a RemoteProtocolError, with its status, its rule and its sentence', () => {
    const rows = rowsOf('Error codes').filter(row => row.length === 4)
    expect(rows).toEqual(Object.entries(REMOTE_FAULTS).map(
      ([code, [status, section, sentence]]) => [`\`${code}\``, String(status), section, sentence]))
  })

  it('has each code of a LocalProtocolError', () => {
    const codes = rowsOf('Error codes').filter(row => row.length === 2).map(([code]) => code)
    expect(codes).toEqual(Object.keys(LOCAL_CODES).map(code => `\`${code}\``))
  })

  it('has each kind of event', () => {
    expect(namesIn('Watch').sort()).toEqual(Object.keys(EVENTS).sort())
  })

  it('has each limit with its default', () => {
    const { date, keepAlive, scheme, ...config } = DEFAULT_CONFIG
    expect([date, keepAlive, scheme]).toEqual([null, 0, 'http'])
    const rows = rowsOf('Timeouts and limits').map(([name, value]) => [name.slice(1, -1), value])
    expect(Object.fromEntries(rows)).toEqual({
      ...Object.fromEntries(Object.entries({ ...settingsOf({}), ...config }).map(
        ([name, value]) => [name, value.toLocaleString('en-US')])),
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS.toLocaleString('en-US'),
      maxConnections: 'none',
      highWaterMark: DEFAULT_HIGH_WATER_MARK.toLocaleString('en-US'),
      lowWaterMark: 'half of it',
    })
  })
})

describe('a RemoteProtocolError', () => {
  it('has the broken rule, the status, and the offset of the fault', () => {
    const error = new RemoteProtocolError('headTooLarge', 17)
    expect(error).toMatchObject({ name: 'RemoteProtocolError', status: 431, section: 'RFC 6585 §5', offset: 17 })
    expect(error.message).toBe('the header section is too large (RFC 6585 §5)')
  })

  it('has a status of a client or server error, and a section, for each code', () => {
    for (const code of Object.keys(REMOTE_FAULTS) as RemoteErrorCode[]) {
      const { status, section, offset } = new RemoteProtocolError(code)
      expect([400, 408, 413, 414, 417, 421, 431, 501, 505]).toContain(status)
      expect(section).toMatch(/^RFC (9110|9112|6585) §\d+(\.\d+)*$/)
      expect(offset).toBe(0)
    }
  })
})

describe('the other errors', () => {
  it('have their names and codes', () => {
    const misuse = new LocalProtocolError('badRange', 'too much')
    expect(misuse).toMatchObject({ name: 'LocalProtocolError', code: 'badRange', message: 'too much' })
    expect(new SourceTimeoutError()).toMatchObject({ name: 'SourceTimeoutError' })
    expect(new HandlerTimeoutError()).toMatchObject({ name: 'HandlerTimeoutError', status: 503 })
  })
})
