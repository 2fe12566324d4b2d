/**
 * What a stream costs that is silent: of Server-Sent Events, and a WebSocket.
 */
import { setTimeout } from 'node:timers/promises'
import { Child } from './lib/child.js'
import { loadCores } from './lib/cores.js'
import { chosenPeers, isShort, rounds } from './lib/options.js'
import { printHeading, printTable, spread, type Cell } from './lib/report.js'
import { ServerProcess } from './lib/server-process.js'
import { summarize } from './lib/statistics.js'

/** What is measured: its name, its scenario, and the most KiB that a stream may need. */
const KINDS = [['SSE streams', 'events-silent', 8], ['WebSockets', 'messages-silent', 7]] as const

async function residentSize(server: ServerProcess): Promise<number> {
  await server.usage({ collect: true })
  await setTimeout(200)
  const { memory } = await server.usage({ collect: true })
  return memory.rss
}

/** KiB of the process for each stream. */
async function costOf(peer: string, scenario: string, count: number): Promise<number> {
  const server = await ServerProcess.start(peer, scenario, ['--expose-gc'])
  // Code is compiled and pools are filled before.
  const first = await connectTo(server, scenario, 100)
  await first.stop()
  const before = await residentSize(server)
  const clients = await connectTo(server, scenario, count)
  const after = await residentSize(server)
  await clients.stop()
  await server.stop()
  return (after - before) / count / 1024
}

async function connectTo(server: ServerProcess, scenario: string, count: number): Promise<Child> {
  const words = [server.port, scenario, count, 0].map(String)
  const clients = new Child('./stream-client.js', words, { core: loadCores[0] })
  await clients.next()
  return clients
}

async function measure([title, scenario, target]: typeof KINDS[number], count: number): Promise<void> {
  printHeading(`${count.toLocaleString('en')} silent ${title}`,
    `Resident KiB for each. ${rounds} rounds of new processes.`)
  const peers = chosenPeers ?? ['node-http', 'httprx']
  const costs = new Map<string, number[]>(peers.map(peer => [peer, []]))
  for (let round = 0; round < rounds; round++) {
    for (const peer of peers) costs.get(peer)?.push(await costOf(peer, scenario, count))
  }
  const median = (peer: string): number => summarize(costs.get(peer) ?? []).median
  printTable(['server', 'KiB', 'spread', 'ratio', 'target, KiB'], peers.map((peer): Cell[] => [
    peer, median(peer), spread(costs.get(peer) ?? []), median(peer) / median(peers[0]), peer === 'httprx' ? target : '',
  ]))
}

for (const kind of KINDS) await measure(kind, isShort ? 300 : 3_000)
