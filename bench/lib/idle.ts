/**
 * The memory of something idle: a connection between requests, or a silent stream.
 *
 * As many are opened twice. The first ones pay for what the process takes once, too: code that is compiled, and the
 * memory of the compiler's threads (with Node 26 more than 20 MiB). The further ones cost what each costs. The young
 * generation is kept small: it grows with the garbage of a time, not with what is open.
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

/** KiB of each: of the process, for the first ones and for further ones, and of what JavaScript holds. */
interface Cost {
  readonly first: number
  readonly further: number
  readonly heap: number
}

const NODE_OPTIONS = ['--expose-gc', '--max-semi-space-size=1']

interface Memory {
  readonly resident: number
  readonly heap: number
}

async function memoryOf(server: ServerProcess): Promise<Memory> {
  await server.usage({ collect: true })
  await setTimeout(200)
  const { memory } = await server.usage({ collect: true })
  return { resident: memory.rss, heap: heldBy(memory) }
}

async function costOf(peer: string, { scenario, clients }: IdleKind, count: number): Promise<Cost> {
  const server = await ServerProcess.start(peer, scenario, NODE_OPTIONS)
  const open = async (count: number): Promise<Child> => {
    const [mode, ...words] = clients(count)
    const child = startClients(mode, server.port, words)
    await child.next()
    return child
  }
  // Code is compiled and pools are filled before.
  await (await open(100)).stop()
  const before = await memoryOf(server)
  const opened = [await open(count)]
  const between = await memoryOf(server)
  opened.push(await open(count))
  const after = await memoryOf(server)
  for (const clients of opened) await clients.stop()
  await server.stop()
  const each = (from: number, to: number): number => (to - from) / count / 1024
  return {
    first: each(before.resident, between.resident),
    further: each(between.resident, after.resident),
    heap: each(between.heap, after.heap),
  }
}

/** Opens so many with each peer in turn, and prints what each costs. */
export async function measureIdle(kind: IdleKind, count: number): Promise<void> {
  const title = `${count.toLocaleString('en')} ${kind.title}, and as many more`
  printHeading(title, `KiB for each. ${rounds} rounds of new processes.`)
  const peers = chosenPeers ?? kind.peers
  const costs = new Map<string, Cost[]>(peers.map(peer => [peer, []]))
  for (let round = 0; round < rounds; round++) {
    for (const peer of peers) costs.get(peer)?.push(await costOf(peer, kind, count))
  }
  const all = (peer: string, part: keyof Cost): number[] => (costs.get(peer) ?? []).map(cost => cost[part])
  const median = (peer: string, part: keyof Cost): number => summarize(all(peer, part)).median
  const ratio = (peer: string, part: keyof Cost): number => median(peer, part) / median(peers[0], part)
  printTable(
    ['server', 'first ones, KiB', 'further ones, KiB', 'spread', 'ratio', 'target', 'held by JavaScript, KiB', 'ratio'],
    peers.map((peer): Cell[] => [
      peer, median(peer, 'first'), median(peer, 'further'), spread(all(peer, 'further')), ratio(peer, 'further'),
      peer === 'httprx' ? kind.target : '', median(peer, 'heap'), ratio(peer, 'heap'),
    ]))
}
