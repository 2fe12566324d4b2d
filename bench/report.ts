/**
 * One page from all benchmarks, dist/report.html, with the machine and the versions: `report`; or `report hello churn`
 * for some of them, also for those that `all` omits. The output of the benchmarks is shown meanwhile.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { BENCHMARKS } from './lib/names.js'
import { words } from './lib/options.js'
import { reportPage, type Section } from './lib/report-page.js'
import type { Printed } from './lib/report.js'

const PAGE = 'dist/report.html'
const folder = mkdtempSync(join(tmpdir(), 'httprx-report-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

/** Parses a record, in which JSON has null for a cell that is NaN. */
function parse(line: string): Printed {
  return JSON.parse(line, (_, value: unknown) => value === null ? NaN : value) as Printed
}

function sectionOf(name: string): Section {
  const program = fileURLToPath(new URL(`./${name}.js`, import.meta.url))
  const record = join(folder, `${name}.jsonl`)
  const options = process.argv.slice(2).filter(word => !words.includes(word) || !isName(word))
  const { status } = spawnSync(process.execPath, [program, ...options], {
    stdio: 'inherit', env: { ...process.env, BENCH_RECORD: record },
  })
  const lines = existsSync(record) ? readFileSync(record, 'utf8').trim().split('\n') : []
  const failure = status === 0 ? null : `${name} ended with ${status}`
  return { name, printed: lines.map(parse), failure }
}

function isName(word: string): boolean {
  return existsSync(new URL(`./${word}.js`, import.meta.url))
}

function output(program: string, ...args: string[]): string {
  const { stdout, status } = spawnSync(program, args, { encoding: 'utf8' })
  return status === 0 ? stdout.trim() : 'unknown'
}

const named = words.filter(isName)
const sections = (named.length > 0 ? named : BENCHMARKS).map(sectionOf)
const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
const facts = [
  `httprx ${version}, commit ${output('git', 'rev-parse', '--short', 'HEAD')}`,
  `Node ${process.versions.node}, V8 ${process.versions.v8}`,
  `options: ${process.argv.slice(2).join(' ') || 'none'}`,
  new Date().toISOString(),
]
writeFileSync(PAGE, reportPage(facts, sections))
console.log(`The page is ${PAGE}.`)
if (sections.some(({ failure }) => failure !== null)) process.exitCode = 1
