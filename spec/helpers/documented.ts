/**
 * The defaults of a server's options as users read them: in the table of the README, and in the options' docstrings.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './built.js'

/** A default: a number (a time limit of 0 is none), whether something is done, or words. */
export type Documented = number | boolean | string

/** The files with the docstrings of the options that the README's table names. */
const DECLARATIONS = [
  'lib/reactive/connection-options.ts', 'lib/connection/config.ts', 'lib/node/listen-options.ts',
].map(file => readFileSync(join(ROOT, file), 'utf8')).join('\n')

const UNITS: Record<string, number> = { '': 1, 's': 1000, 'KiB': 1024, 'MiB': 1024 * 1024 }

/** Returns the rows of the README's table "Timeouts and limits": each option and its default. */
export function defaultsOfReadme(): Map<string, Documented> {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8')
  const section = readme.slice(readme.indexOf('\n## Timeouts and limits\n'), readme.indexOf('\n## Watch\n'))
  return new Map([...section.matchAll(/^\| `(\w+)` \| ([^|]+) \|/gm)].map(([, name, text]) => [name, valueOf(text)]))
}

/** Returns the default that the docstring of an option names. */
export function defaultOfDocstring(name: string): Documented {
  const docstring = new RegExp(`/\\*\\*((?:[^*]|\\*(?!/))*)\\*/\\s*readonly ${name}\\??:`).exec(DECLARATIONS)?.[1] ?? ''
  const text = docstring.replace(/\s*\*?\s+/g, ' ')
  return valueOf(/: (no limit|no|half|[\d.]+(?: (?:s|KiB|MiB))?)(?=[;. ])/.exec(text)?.[1] ?? 'not documented')
}

function valueOf(text: string): Documented {
  if (text === 'no' || text === 'false') return false
  if (text === 'no limit' || text === 'none') return 0
  if (text.startsWith('half')) return 'half'
  const [, digits, unit] = /^([\d.,]+) ?(\w*)$/.exec(text) ?? ['', '', '']
  return digits === '' ? text : Number(digits.replaceAll(',', '')) * UNITS[unit]
}
