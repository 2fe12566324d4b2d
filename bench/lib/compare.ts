/**
 * One scenario, measured for us and our peers, as a table.
 */
import { duel, type DuelRules } from './duel.js'
import { optionalPeersOf } from './optional-peers.js'
import { chosenPeers, isShort, rounds, wantsRates } from './options.js'
import { rates } from './rates.js'
import { printHeading, printRemark, printTable, spread, type Cell } from './report.js'
import { summarize } from './statistics.js'
import type { Workload } from './workloads.js'

/** A comparison. */
export interface Comparison extends Workload {
  readonly title: string
  /** The target: our share of the processor time of `against`, at most. */
  readonly target?: number
  /** The peers that are measured against the reference, besides us. */
  readonly peers: readonly string[]
  /** The reference; default: node:http. */
  readonly against?: string
  /** The peer that has the target; default: `httprx`. */
  readonly ours?: string
}

/** Measures and prints. */
export async function compare(comparison: Comparison): Promise<void> {
  const { scenario, against } = comparison
  const rules = { ...comparison, rounds }
  const { absent } = optionalPeersOf(scenario)
  if (wantsRates) await compareRates(comparison, rules)
  else await compareByDuels(comparison, rules)
  if (absent !== '' && !isShort && against === undefined) printRemark(`Not installed here: ${absent}.`)
}

async function compareByDuels(comparison: Comparison, rules: DuelRules): Promise<void> {
  const { title, unit, target, against = 'node-http', ours = 'httprx' } = comparison
  const measure = unit === 'byte' ? 'ms/MiB' : `µs/${unit}`
  const scale = unit === 'byte' ? 2 ** 20 / 1000 : 1
  const rounds = `${rules.rounds} rounds${rules.isFresh ? ' of new processes' : ''}`
  printHeading(title, `CPU per ${unit}, ${against} = 1. ${rounds}.`)
  const rows: Cell[][] = []
  for (const peer of peersOf(comparison)) {
    const results = await duel(peer, against, rules)
    const ratios = results.map(({ ours, theirs }) => ours / theirs)
    const cost = (side: 'ours' | 'theirs'): number => summarize(results.map(result => result[side] * scale)).median
    const goal = peer === ours && target !== undefined ? target : ''
    const name = peer === against ? `${peer} (control)` : peer
    rows.push([name, summarize(ratios).median, spread(ratios), goal, cost('ours'), cost('theirs')])
  }
  printTable(['server', 'ratio', 'spread', 'target', measure, `${against} ${measure}`], rows)
}

async function compareRates(comparison: Comparison, rules: DuelRules): Promise<void> {
  const { title, unit, against = 'node-http' } = comparison
  const plural = unit === 'byte' ? 'MiB' : `${unit}s`
  const scale = unit === 'byte' ? 2 ** -20 : 1
  printHeading(title, `${plural} a second, each server in its turn. ${rules.rounds} interleaved rounds.`)
  const results = await rates([...new Set([...peersOf(comparison), against])], rules)
  const rows = [...results].map(([peer, rounds]): Cell[] => {
    const perSecond = rounds.map(result => result.units * scale / result.seconds)
    return [peer, summarize(perSecond).median, spread(perSecond), summarize(rounds.map(({ p99Ms }) => p99Ms)).median]
  })
  printTable(['server', `${plural}/s`, 'spread', '99th percentile, ms'], rows)
}

/** We are measured first; the reference against itself shows the noise. */
function peersOf({ scenario, peers, against, ours = 'httprx' }: Comparison): readonly string[] {
  if (chosenPeers !== null) return chosenPeers
  // With the control and the optional peers it would take too long.
  if (isShort) return [ours, ...peers]
  // A comparison with a special reference has no other peers.
  const others = against === undefined ? optionalPeersOf(scenario).present : []
  return [ours, ...peers, ...others, against ?? 'node-http']
}
