/**
 * A CPU profile of our server under a workload: `npm run bench -- profile hello`; of another peer: `--peers
 * node-http`.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadCores } from './lib/cores.js'
import { chosenPeers, words } from './lib/options.js'
import { costsOf, type Cost } from './lib/profile.js'
import { printHeading, printTable, type Cell } from './lib/report.js'
import { ServerProcess } from './lib/server-process.js'
import { workloads, type Workload } from './lib/workloads.js'

const ROWS = 35

async function profileOf(peer: string, { scenario, attack, isFresh }: Workload): Promise<Cost[]> {
  const folder = mkdtempSync(join(tmpdir(), 'httprx-profile-'))
  try {
    const server = await ServerProcess.start(peer, scenario)
    const path = join(folder, 'profile.json')
    if (!isFresh) await attack(server.port, loadCores[0], () => Promise.resolve())
    const questions = [{ startProfile: true }, { saveProfile: path }]
    await attack(server.port, loadCores[0], () => server.usage(questions.shift()))
    await server.stop()
    return costsOf(path)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function print(title: string, costs: readonly Cost[]): void {
  const total = costs.reduce((sum, { time }) => sum + time, 0)
  const percent = (time: number): number => time / total * 100
  printHeading(title, 'Own time of functions, in percent of the time that the process worked.')
  const owners = ['httprx', 'rxjs', 'node', 'native', 'other'] as const
  printTable(['whose', '%'], owners.map((owner): Cell[] =>
    [owner, percent(costs.filter(cost => cost.owner === owner).reduce((sum, { time }) => sum + time, 0))]))
  printTable(['function', 'place', '%'], costs.slice(0, ROWS).map(({ name, place, time }): Cell[] =>
    [name, place, percent(time)]))
}

const known = Object.keys(workloads) as (keyof typeof workloads)[]
const names = known.filter(name => words.length === 0 || words.includes(name))
for (const peer of chosenPeers ?? ['httprx']) {
  for (const name of names) print(`profile of ${peer}: ${name}`, await profileOf(peer, workloads[name]))
}
