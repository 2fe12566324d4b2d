/**
 * Checks the package as it would be published: packs it, has publint and attw judge the tarball, then unpacks it
 * beside its dependencies in an empty folder, compiles a user's program against it, loads every entry point both ways,
 * and runs its command.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const ROOT = dirname(import.meta.dirname)
const BIN = join(ROOT, 'node_modules/.bin')
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
const entries = Object.keys(manifest.exports)
  .filter(entry => !entry.endsWith('.json'))
  .map(entry => manifest.name + entry.slice(1))
const USERS = ['user.mts', 'user.cts']
const folder = mkdtempSync(join(tmpdir(), 'httprx-package-'))

function run(command, args, cwd = ROOT) {
  execFileSync(command, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'] })
}

/** Unpacks the tarball as node_modules/httprx; what a user would have beside it is linked from our own node_modules. */
function install(tarball) {
  const modules = join(folder, 'node_modules')
  mkdirSync(join(modules, 'httprx'), { recursive: true })
  mkdirSync(join(modules, '@types'))
  run('tar', ['-xzf', tarball, '-C', join(modules, 'httprx'), '--strip-components=1'])
  for (const name of [...Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }), '@types/node']) {
    mkdirSync(dirname(join(modules, name)), { recursive: true })
    symlinkSync(join(ROOT, 'node_modules', name), join(modules, name), 'dir')
  }
}

/** Compiles a user's module of each kind, the declarations included: none may name what was stripped. */
function compileUser() {
  const program = entries.map((entry, index) => `import * as e${index} from '${entry}'\nvoid e${index}\n`).join('')
  for (const file of USERS) writeFileSync(join(folder, file), program)
  const options = ['--strict', '--noEmit', '--skipLibCheck', 'false', '--module', 'nodenext', '--target', 'es2022']
  const globals = ['--lib', 'es2023,esnext.disposable,dom', '--types', 'node']
  run(join(BIN, 'tsc'), [...options, ...globals, ...USERS], folder)
  console.log('A user\'s program compiles, as an ES module and as CommonJS.')
}

/** Runs each command of the package, as npx does. */
function runCommands() {
  for (const [name, file] of Object.entries(manifest.bin)) {
    const output = execFileSync(process.execPath, [join('node_modules/httprx', file), '--help'], { cwd: folder })
    if (!output.includes(`${name} replay FILE`)) throw new Error(`${name} --help says ${output}`)
    console.log(`npx ${name} runs.`)
  }
  const docs = join(folder, 'node_modules/httprx/docs')
  for (const page of ['testing', 'cookbook', 'replay']) readFileSync(join(docs, `${page}.md`))
}

/** Loads every entry by import and by require: both must offer the same names. */
function loadEveryEntry() {
  writeFileSync(join(folder, 'load.mjs'), `
    import { createRequire } from 'node:module'
    import { deepStrictEqual, strictEqual } from 'node:assert'
    const require = createRequire(import.meta.url)
    const marks = ['default', 'module.exports', '__esModule']
    const names = module => Object.keys(module).filter(name => !marks.includes(name)).sort()
    for (const entry of ${JSON.stringify(entries)}) {
      const [imported, required] = [names(await import(entry)), names(require(entry))]
      deepStrictEqual(imported, required)
      // Where Node knows \`module-sync\`, there is one copy of the package whichever way it is loaded.
      if (process.features.require_module) strictEqual(require(entry), await import(entry))
      console.log(entry + ': ' + imported.length + ' names, by import and by require')
    }
  `)
  run(process.execPath, ['load.mjs'], folder)
}

try {
  run('npm', ['pack', '--silent', '--pack-destination', folder])
  const tarball = join(folder, `${manifest.name}-${manifest.version}.tgz`)
  run(join(BIN, 'publint'), ['--strict', tarball])
  run(join(BIN, 'attw'), ['--profile', 'node16', '--format', 'table-flipped', tarball])
  install(tarball)
  compileUser()
  loadEveryEntry()
  runCommands()
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
