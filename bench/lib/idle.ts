/**
 * The memory of something idle: a connection between requests, or a silent stream.
 */
import { setTimeout } from 'node:timers/promises'
import type { Child } from './child.js'
import { startClients } from './client-process.js'
import type { ModeName } from './client.js'
import { heldBy } from './memory-watch.js'
import { chosenPeers, rounds } from './options.js'
import { printHeading, printTable, spread, type Cell } from './report.js'
import type { Scenario } from './scenario.js'
import { ServerProcess } from './server-process.js'
import { summarize } from './statistics.js'

/** What is opened and left alone. */
export interface IdleKind {
  /** What they are, in the plural. */
  readonly title: string
  readonly scenario: Scenario
  /** The mode of the clients that open them, and its words. */
  readonly clients: (count: number) => readonly [ModeName, ...(string | number)[]]
  /** What we may need, in words. */
  readonly target: string
  /** Whose figures are taken; the first is the reference. */
  readonly peers: readonly string[]
}

/** KiB of each: of the process, and of its heap with what lies outside but belongs to it. */
interface Cost {
  readonly resident: number
  readonly heap: number
}

async function memoryOf(server: ServerProcess): Promise<Cost> {
  await server.usage({ collect: true })
  await setTimeout(200)
  const { memory } = await server.usage({ collect: true })
  return { resident: memory.rss, heap: heldBy(memory) }
}

async function costOf(peer: string, { scenario, clients }: IdleKind, count: number): Promise<Cost> {
  const server = await ServerProcess.start(peer, scenario, ['--expose-gc'])
  const open = async (count: number): Promise<Child> => {
    const [mode, ...words] = clients(count)
    const child = startClients(mode, server.port, words)
    await child.next()
    return child
  }
  // Code is compiled and pools are filled before.
  await (await open(100)).stop()
  const before = await memoryOf(server)
  const opened = await open(count)
  const after = await memoryOf(server)
  await opened.stop()
  await server.stop()
  const each = (kind: keyof Cost): number => (after[kind] - before[kind]) / count / 1024
  return { resident: each('resident'), heap: each('heap') }
}

/** Opens so many with each peer in turn, and prints what each costs. */
export async function measureIdle(kind: IdleKind, count: number): Promise<void> {
  printHeading(`${count.toLocaleString('en')} ${kind.title}`, `KiB for each. ${rounds} rounds of new processes.`)
  const peers = chosenPeers ?? kind.peers
  const costs = new Map<string, Cost[]>(peers.map(peer => [peer, []]))
  for (let round = 0; round < rounds; round++) {
    for (const peer of peers) costs.get(peer)?.push(await costOf(peer, kind, count))
  }
  const all = (peer: string, part: keyof Cost): number[] => (costs.get(peer) ?? []).map(cost => cost[part])
  const median = (peer: string, part: keyof Cost): number => summarize(all(peer, part)).median
  const ratio = (peer: string, part: keyof Cost): number => median(peer, part) / median(peers[0], part)
  printTable(
    ['server', 'resident, KiB', 'spread', 'ratio', 'target', 'heap and external, KiB', 'ratio'],
    peers.map((peer): Cell[] => [
      peer, median(peer, 'resident'), spread(all(peer, 'resident')), ratio(peer, 'resident'),
      peer === 'httprx' ? kind.target : '', median(peer, 'heap'), ratio(peer, 'heap'),
    ]))
}
