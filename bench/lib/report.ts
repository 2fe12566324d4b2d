/**
 * The output of the benchmarks: Markdown, so that it can be pasted into documents.
 */
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { cpus, release, totalmem, type } from 'node:os'
import { dirname, resolve } from 'node:path'
import { pinning } from './cores.js'
import { describeLoader } from './load.js'
import { summarize } from './statistics.js'

const require = createRequire(import.meta.url)

/** A cell: text, or a number, which is printed with a suitable number of digits. */
export type Cell = string | number

/** The printed parts, of which `report` makes a page. */
export type Printed =
  | { readonly type: 'heading'; readonly title: string; readonly remark: string; readonly machine: string }
  | { readonly type: 'remark'; readonly text: string }
  | { readonly type: 'table'; readonly columns: readonly string[]; readonly rows: readonly (readonly Cell[])[] }
  | { readonly type: 'picture'; readonly path: string }

/** The file to which the parts are also written, as lines of JSON. */
const record = process.env['BENCH_RECORD']

function keep(printed: Printed): void {
  if (record !== undefined) appendFileSync(record, `${JSON.stringify(printed)}\n`)
}

/** Prints the title of a benchmark, and the machine that it runs on. */
export function printHeading(title: string, remark: string): void {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor'
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`
  const machine = `${cpus().length} × ${model}, ${memory}, ${type()} ${release()}; Node ${process.versions.node}`
    + `, V8 ${process.versions.v8}; ${installed(['fastify', 'ws', 'rxjs']).join(', ')}; `
    + `${describeLoader()}; ${pinning}`
  console.log(`\n## ${title}\n\n${remark}\n\n${machine}\n`)
  keep({ type: 'heading', title, remark, machine })
}

/** Prints a sentence. */
export function printRemark(text: string): void {
  console.log(`${text}\n`)
  keep({ type: 'remark', text })
}

/** Writes a picture to a file, and prints its path. */
export function savePicture(path: string, svg: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, svg)
  keep({ type: 'picture', path: resolve(path) })
}

/** Prints a table. Columns of numbers are aligned to the right. */
export function printTable(columns: readonly string[], rows: readonly (readonly Cell[])[]): void {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  console.log(line(columns))
  console.log(line(columns.map((_, index) => isNumeric(rows, index) ? '---:' : '---')))
  for (const row of rows) console.log(line(row.map(write)))
  console.log()
  keep({ type: 'table', columns, rows })
}

/** Whether a column contains only numbers. */
export function isNumeric(rows: readonly (readonly Cell[])[], index: number): boolean {
  return rows.every(row => typeof row[index] === 'number' || row[index] === '')
}

/** Returns the extremes of some values as text. */
export function spread(values: readonly number[]): string {
  const { low, high } = summarize(values)
  return `${write(low)} to ${write(high)}`
}

/** The printed form of a cell. */
export function write(cell: Cell): string {
  if (typeof cell === 'string') return cell
  if (!Number.isFinite(cell)) return '-'
  const size = Math.abs(cell)
  if (size >= 1000 || Number.isInteger(cell)) return Math.round(cell).toLocaleString('en')
  return cell.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 0.095 ? 2 : 3)
}

/** The names and versions of the packages that are installed. */
export function installed(names: readonly string[]): string[] {
  return names.flatMap(name => {
    const version = versionOf(name)
    return version === null ? [] : [`${name} ${version}`]
  })
}

function versionOf(name: string): string | null {
  for (const folder of require.resolve.paths(name) ?? []) {
    try {
      const text = readFileSync(`${folder}/${name}/package.json`, 'utf8')
      return (JSON.parse(text) as { version: string }).version
    } catch {
      continue
    }
  }
  return null
}
