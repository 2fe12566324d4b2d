/**
 * Microbenchmarks of single parts, in this process.
 */
import { Bench } from 'tinybench'
import { isShort } from './options.js'
import { printHeading, printTable, type Cell } from './report.js'

/** The measured tasks, by name. */
export type Tasks = Readonly<Record<string, () => unknown>>

/** Keeps results alive, so that no work is optimised away. */
export let kept: unknown = null

/** The runs of a task per sample; a single run is about as short as a tick of the clock. */
const RUNS = 1000

/** Measures each task and prints the time of one run. */
export async function micro(title: string, tasks: Tasks): Promise<void> {
  const bench = new Bench({ time: isShort ? 50 : 1000, warmupTime: isShort ? 50 : 300 })
  for (const [name, task] of Object.entries(tasks)) {
    bench.add(name, () => {
      for (let run = 0; run < RUNS; run++) kept = task()
    })
  }
  await bench.run()
  printHeading(title, `Time of one run, from samples of ${RUNS.toLocaleString('en')} runs.`)
  printTable(['task', 'median, ns', '99th percentile, ns', 'samples'], bench.tasks.map(rowOf))
}

function rowOf({ name, result }: Bench['tasks'][number]): Cell[] {
  if (result.state !== 'completed') throw new Error(`${name} did not run: ${result.state}`)
  const { p50, p99, samplesCount } = result.latency
  return [name, p50 * 1e6 / RUNS, p99 * 1e6 / RUNS, samplesCount]
}
