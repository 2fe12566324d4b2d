/**
 * Runs the example projects of `httprx/testing` as their owners would: packs the package, copies each project of
 * examples/testing-* to an empty folder, installs the package and the test runner there with npm, and runs `npm test`.
 * Names on the command line choose among them: `node etc/test-runners.js mocha`.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const ROOT = dirname(import.meta.dirname)
const PREFIX = 'testing-'
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
const rxjs = `rxjs@${manifest.devDependencies.rxjs}`
const names = process.argv.slice(2)
const projects = readdirSync(join(ROOT, 'examples'))
  .filter(name => name.startsWith(PREFIX) && (names.length === 0 || names.includes(name.slice(PREFIX.length))))
const folder = mkdtempSync(join(tmpdir(), 'httprx-runners-'))

function npm(cwd, ...args) {
  execFileSync('npm', args, { cwd, stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, NODE_OPTIONS: '' } })
}

try {
  npm(ROOT, 'pack', '--silent', '--pack-destination', folder)
  const tarball = join(folder, `${manifest.name}-${manifest.version}.tgz`)
  for (const project of projects) {
    const home = join(folder, project)
    cpSync(join(ROOT, 'examples', project), home, { recursive: true })
    npm(home, 'install', '--silent', '--no-audit', '--no-fund', tarball, rxjs)
    npm(home, 'test', '--silent')
    console.log(`${project}: passed`)
  }
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
