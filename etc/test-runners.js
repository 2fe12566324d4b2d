/**
 * Runs the example projects of `httprx/testing` as their owners would: packs the package, copies each project of
 * examples/testing-* to an empty folder, installs the package and the test runner there with npm, and runs `npm test`.
 * Names on the command line choose among them: `node etc/test-runners.js mocha`.
 *
 * Then each runner fakes its timers around a server over sockets (etc/runners), in the same folder.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const ROOT = dirname(import.meta.dirname)
const PREFIX = 'testing-'
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
const rxjs = `rxjs@${manifest.devDependencies.rxjs}`

/** How each runner runs the tests of etc/runners, and what it needs besides. */
const FAKES = {
  jest: { run: ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js', '--testMatch', '**/fakes.test.mjs'] },
  mocha: { run: ['node_modules/mocha/bin/mocha.js', 'fakes.test.js'], needs: ['sinon@22.1.0'] },
  node: { run: ['--test', 'fakes.test.js'] },
  vitest: { run: ['node_modules/vitest/vitest.mjs', 'run', '--pool=threads', 'fakes.test.js'] },
}

const names = process.argv.slice(2)
const projects = readdirSync(join(ROOT, 'examples'))
  .filter(name => name.startsWith(PREFIX) && (names.length === 0 || names.includes(name.slice(PREFIX.length))))
const folder = mkdtempSync(join(tmpdir(), 'httprx-runners-'))

function npm(cwd, ...args) {
  execFileSync('npm', args, { cwd, stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, NODE_OPTIONS: '' } })
}

function fakeTimers(home, runner) {
  const { run, needs = [] } = FAKES[runner]
  const source = join(ROOT, 'etc/runners')
  for (const name of ['server.mjs', 'client.mjs']) cpSync(join(source, name), join(home, name))
  cpSync(join(source, runner), home, { recursive: true })
  if (needs.length > 0) npm(home, 'install', '--silent', '--no-audit', '--no-fund', ...needs)
  execFileSync(process.execPath, run, { cwd: home, stdio: ['ignore', 'inherit', 'inherit'] })
}

try {
  npm(ROOT, 'pack', '--silent', '--pack-destination', folder)
  const tarball = join(folder, `${manifest.name}-${manifest.version}.tgz`)
  for (const project of projects) {
    const home = join(folder, project)
    cpSync(join(ROOT, 'examples', project), home, { recursive: true })
    npm(home, 'install', '--silent', '--no-audit', '--no-fund', tarball, rxjs)
    npm(home, 'test', '--silent')
    fakeTimers(home, project.slice(PREFIX.length))
    console.log(`${project}: passed`)
  }
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
