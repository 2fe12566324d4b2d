/**
 * The instructions that a server executes for one unit of work, in user space, its just-in-time code included:
 * `npm run bench -- instructions hello headers`; of others: `--peers httprx,transport`.
 *
 * Strategy: callgrind counts them. Times vary by a tenth on a shared machine; counts vary by less than a hundredth, so
 * they show what a small change saves. They say nothing about the kernel, or about memory that is far away. A server
 * is some fifty times slower meanwhile, and is warmed up for longer.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { devNull } from 'node:os'
import { loadCores } from './lib/cores.js'
import { chosenPeers, isShort, rounds, words } from './lib/options.js'
import { printHeading, printRemark, printTable, spread, type Cell } from './lib/report.js'
import { ServerProcess } from './lib/server-process.js'
import { summarize } from './lib/statistics.js'
import { workloads, type Workload } from './lib/workloads.js'

/** How many units come before the count, until V8 has optimized what it will: fewer, if each has a thousand parts. */
function warmUpOf(name: Name): number {
  if (isShort) return 0
  return name.startsWith('chunks-') ? 2_000 : 40_000
}

const OBSERVER = [
  'valgrind', '--tool=callgrind', '--smc-check=all-non-file', `--callgrind-out-file=${devNull}`, '--quiet',
]

/** The workloads that are measured unless others are named. */
const DEFAULT: readonly Name[] = isShort ? ['hello'] : ['hello', 'headers', 'pipelined']

type Name = keyof typeof workloads

/** The instructions of all threads of the process so far. */
function instructionsOf({ pid }: ServerProcess): number {
  const report = execFileSync('callgrind_control', ['-e', String(pid)], { encoding: 'utf8', stdio: 'pipe' })
  const threads = [...report.matchAll(/Th \d+\s+([\d,]+)/g)]
  return threads.reduce((sum, [, count]) => sum + Number(count.replaceAll(',', '')), 0)
}

/** The instructions of a unit, by rounds. */
async function costsOf(peer: string, { scenario, attack }: Workload, warmUp: number): Promise<number[]> {
  // Collections and compilations belong to the work, and not to another thread.
  const options = { core: null, nodeOptions: ['--single-threaded'], observer: OBSERVER }
  const server = await ServerProcess.startWith(peer, scenario, options)
  const [core] = loadCores
  for (let done = 0; done < warmUp;) done += (await attack(server.port, core, () => Promise.resolve())).units
  const costs: number[] = []
  for (let round = 0; round < rounds; round++) {
    const counts: number[] = []
    const mark = (): Promise<number> => Promise.resolve(counts.push(instructionsOf(server)))
    const { units } = await attack(server.port, core, mark)
    costs.push((counts[1] - counts[0]) / units)
  }
  await server.stop()
  return costs
}

async function measure(name: Name): Promise<void> {
  const workload = workloads[name]
  const rows: Cell[][] = []
  printHeading(`instructions: ${name}`, `User-space instructions per ${workload.unit}. ${rounds} rounds.`)
  for (const peer of chosenPeers ?? ['node-http', 'httprx', 'transport']) {
    const costs = await costsOf(peer, workload, warmUpOf(name))
    const { median } = summarize(costs)
    rows.push([peer, median, spread(costs), median / (rows[0]?.[1] as number | undefined ?? median)])
  }
  printTable(['server', 'instructions', 'spread', 'ratio'], rows)
}

const known = Object.keys(workloads) as Name[]
if (spawnSync('valgrind', ['--version']).status !== 0) printRemark('Not measured: valgrind is not installed here.')
else for (const name of words.length === 0 ? DEFAULT : known.filter(name => words.includes(name))) await measure(name)
