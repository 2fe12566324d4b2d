/**
 * Every benchmark, one after the other: about half an hour; a few minutes with `--short`.
 */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { BENCHMARKS } from './lib/names.js'

for (const name of BENCHMARKS) {
  const program = fileURLToPath(new URL(`./${name}.js`, import.meta.url))
  execFileSync(process.execPath, [program, ...process.argv.slice(2)], { stdio: 'inherit' })
}
