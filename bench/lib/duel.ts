/**
 * Duels: two servers on the same core, loaded at the same time, so that other work of the machine affects both. The
 * result is the processor time per unit of work, as each process reports it.
 */
import { loadCores } from './cores.js'
import type { LoadResult } from './load.js'
import type { Scenario } from './scenario.js'
import { ServerProcess } from './server-process.js'

/** Sends load to a server on a port, from a core. It calls `mark` at the beginning and end of the measurement. */
export type Attack = (port: number, core: number | null, mark: Mark) => Promise<LoadResult>

/** Called at the beginning and at the end of the measurement. */
export type Mark = () => Promise<unknown>

/** The terms of a duel. */
export interface DuelRules {
  readonly scenario: Scenario
  readonly attack: Attack
  readonly rounds: number
  /** Whether each round has new processes, whose code is not compiled yet. */
  readonly isFresh: boolean
}

/** One round: the cost of a unit for each of them, in microseconds. */
export interface DuelRound {
  readonly ours: number
  readonly theirs: number
}

/** Lets two peers serve the same load at the same time, and returns their costs of each round. */
export async function duel(ours: string, theirs: string, rules: DuelRules): Promise<DuelRound[]> {
  const results: DuelRound[] = []
  let servers = await startBoth(ours, theirs, rules.scenario)
  if (!rules.isFresh) await fight(servers, rules.attack, false)
  for (let round = 0; round < rules.rounds; round++) {
    if (round > 0 && rules.isFresh) servers = await startBoth(ours, theirs, rules.scenario)
    results.push(await fight(servers, rules.attack, round % 2 === 1))
    if (rules.isFresh) await stopBoth(servers)
  }
  if (!rules.isFresh) await stopBoth(servers)
  return results
}

type Pair = readonly [ServerProcess, ServerProcess]

function startBoth(ours: string, theirs: string, scenario: Scenario): Promise<Pair> {
  return Promise.all([ServerProcess.start(ours, scenario), ServerProcess.start(theirs, scenario)])
}

async function stopBoth(servers: Pair): Promise<void> {
  await Promise.all(servers.map(server => server.stop()))
}

/** One round. The peers alternate in the core that loads them and in the order. */
async function fight(servers: Pair, attack: Attack, isSwapped: boolean): Promise<DuelRound> {
  const cores = loadCores.length > 1 ? loadCores : [loadCores[0], loadCores[0]]
  const order = isSwapped ? [1, 0] : [0, 1]
  const costs: number[] = []
  await Promise.all(order.map(async (index, place) => {
    costs[index] = await costOf(servers[index], (port, mark) => attack(port, cores[place], mark))
  }))
  return { ours: costs[0], theirs: costs[1] }
}

async function costOf(
  server: ServerProcess, attack: (port: number, mark: Mark) => Promise<LoadResult>,
): Promise<number> {
  const times: number[] = []
  const { units } = await attack(server.port, async () => { times.push((await server.usage()).cpu) })
  return (times[1] - times[0]) / units
}
