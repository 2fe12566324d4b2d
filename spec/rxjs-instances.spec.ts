/**
 * The built library takes RxJS in parts, `rxjs/internal/…`, so that `import 'httprx'` does not load all of it. An
 * application that imports `rxjs` has to have the same classes, schedulers and settings nevertheless. Node itself
 * loads both here, as modules and as CommonJS.
 */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { assertBuilt, ROOT } from './helpers/built.js'

/** Runs a program in the package's folder, where `httprx` names it, and returns what it logs as JSON. */
function run(...lines: string[]): unknown {
  assertBuilt('esm')
  const program = ['import { createRequire } from \'node:module\'',
    'const require = createRequire(process.cwd() + \'/program.js\')', ...lines].join('\n')
  return JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', program], {
    cwd: ROOT, encoding: 'utf8', timeout: 30_000,
  }))
}

/** What the bundles import of RxJS: each name with its file. */
function parts(): [name: string, file: string][] {
  const folder = join(ROOT, 'dist/esm')
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.js'))
  const code = files.map(file => readFileSync(join(folder, file), 'utf8')).join('\n')
  const imports = code.matchAll(/^import \{ (.+) \} from '(rxjs\/internal\/.+)';$/gm)
  return [...imports].flatMap(([, names, file]) =>
    names.split(', ').map((name): [string, string] => [name.split(' as ')[0], file]))
}

describe('the parts of RxJS that the library uses', () => {
  it('are the same as those of the index of RxJS, both imported and required', () => {
    const taken = parts()
    expect(taken.length).toBeGreaterThan(20)
    // Testing sets the clocks of RxJS, which its index does not export.
    const exported = taken.filter(([name]) => !name.endsWith('Provider'))
    expect(run(
      'import * as rxjs from \'rxjs\'',
      `const parts = ${JSON.stringify(exported)}`,
      'const others = []',
      'for (const [name, file] of parts) {',
      '  const values = [(await import(file))[name], require(file)[name], require(\'rxjs\')[name]]',
      '  if (rxjs[name] === undefined || values.some(value => value !== rxjs[name])) others.push(name)',
      '}',
      'console.log(JSON.stringify(others))',
    )).toEqual([])
  })

  it('are the only ones that are loaded: neither the index of RxJS, nor ws, nor modules for tests', () => {
    const loaded = run(
      'await import(\'httprx\')',
      'console.log(JSON.stringify(Object.keys(require.cache)))',
    ) as string[]
    expect(loaded.filter(file => file.includes('/rxjs/'))).not.toEqual([])
    expect(loaded.filter(file => !file.includes('/rxjs/dist/cjs/internal/'))).toEqual([])
    expect(loaded.filter(file => file.endsWith('TestScheduler.js'))).toEqual([])
  })

  it('share the config and the classes of the application\'s rxjs', () => {
    expect(run(
      'import { config, from, isObservable, Observable } from \'rxjs\'',
      'import { fromSource, onBackpressureLatest } from \'httprx\'',
      'const source = fromSource((function* () { throw new Error(\'unheard\') })())',
      'const latest = from([1]).pipe(onBackpressureLatest())',
      'const found = [source instanceof Observable, isObservable(source), latest instanceof Observable]',
      'found.push(require(\'httprx\').fromSource([1]) instanceof require(\'rxjs\').Observable)',
      'config.onUnhandledError = error => console.log(JSON.stringify([...found, error.message]))',
      'source.subscribe()',
    )).toEqual([true, true, true, true, 'unheard'])
  })
})
