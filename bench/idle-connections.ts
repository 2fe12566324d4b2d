/**
 * What a connection costs that is idle after a request.
 */
import { setTimeout } from 'node:timers/promises'
import { Child } from './lib/child.js'
import { loadCores } from './lib/cores.js'
import { chosenPeers, isShort, rounds } from './lib/options.js'
import { printHeading, printTable, spread, type Cell } from './lib/report.js'
import { ServerProcess } from './lib/server-process.js'
import { summarize } from './lib/statistics.js'

/** The share of node:http's bytes that we may need. */
const TARGET = 0.65

/** Bytes a connection: of the process, and of its heap with what lies outside but belongs to it. */
interface Cost {
  readonly resident: number
  readonly heap: number
}

async function memoryOf(server: ServerProcess): Promise<Cost> {
  await server.usage({ collect: true })
  await setTimeout(200)
  const { memory } = await server.usage({ collect: true })
  return { resident: memory.rss, heap: memory.heapUsed + memory.external }
}

async function costOf(peer: string, count: number): Promise<Cost> {
  const server = await ServerProcess.start(peer, 'hello', ['--expose-gc'])
  // Code is compiled and pools are filled before.
  const first = await connectTo(server, 100)
  await first.stop()
  const before = await memoryOf(server)
  const clients = await connectTo(server, count)
  const after = await memoryOf(server)
  await clients.stop()
  await server.stop()
  return { resident: (after.resident - before.resident) / count, heap: (after.heap - before.heap) / count }
}

async function connectTo(server: ServerProcess, count: number): Promise<Child> {
  const clients = new Child('./keep-alive-client.js', [server.port, count, 1].map(String), { core: loadCores[0] })
  await clients.next()
  return clients
}

async function measure(count: number): Promise<void> {
  const title = `${count.toLocaleString('en')} idle connections`
  printHeading(title, `Bytes a connection. ${rounds} rounds of new processes.`)
  const peers = chosenPeers ?? ['node-http', 'httprx', 'fastify', 'node-net']
  const costs = new Map<string, Cost[]>(peers.map(peer => [peer, []]))
  for (let round = 0; round < rounds; round++) {
    for (const peer of peers) costs.get(peer)?.push(await costOf(peer, count))
  }
  const median = (peer: string, kind: keyof Cost): number =>
    summarize((costs.get(peer) ?? []).map(cost => cost[kind])).median
  printTable(
    ['server', 'resident', 'spread', 'ratio', 'target', 'heap and external', 'ratio'],
    peers.map((peer): Cell[] => [
      peer,
      median(peer, 'resident'), spread((costs.get(peer) ?? []).map(({ resident }) => resident)),
      median(peer, 'resident') / median(peers[0], 'resident'), peer === 'httprx' ? TARGET : '',
      median(peer, 'heap'), median(peer, 'heap') / median(peers[0], 'heap'),
    ]))
}

for (const count of isShort ? [500] : [5_000, 10_000]) await measure(count)
