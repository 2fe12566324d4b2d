/**
 * One event to 5,000 clients, of which none, one or a hundred never read: the time until the others have the event,
 * and the memory of the process. A deaf client requests 16 MiB of history, which fill the kernel's buffers; from then
 * on it is only a position in the log of the hub.
 */
import { setTimeout } from 'node:timers/promises'
import { runClients, startClients } from './lib/client-process.js'
import { heldBy } from './lib/memory-watch.js'
import { isShort, rounds } from './lib/options.js'
import { printHeading, printTable, spread, type Cell } from './lib/report.js'
import { ServerProcess } from './lib/server-process.js'
import { summarize } from './lib/statistics.js'

const CLIENTS = isShort ? 200 : 5_000
const SECONDS = isShort ? 2 : 10
const SCENARIO = 'hub 1000 2'
const MIB = 2 ** 20

interface Round {
  readonly count: number
  readonly median: number
  readonly p99: number
  readonly most: number
  /** The memory of the process at the end, in MiB. */
  readonly held: number
  readonly resident: number
}

async function measure(deaf: number): Promise<Round> {
  const server = await ServerProcess.start('httprx-hub', SCENARIO, ['--expose-gc'])
  const others = startClients('deaf', server.port, [deaf, '/all'])
  await others.next()
  const times = await runClients<Omit<Round, 'held' | 'resident'>>('timed-events', server.port, [CLIENTS, SECONDS])
  await setTimeout(500)
  const { memory } = await server.usage({ collect: true })
  await others.stop()
  await server.stop()
  return { ...times, held: heldBy(memory) / MIB, resident: memory.rss / MIB }
}

printHeading(`${CLIENTS.toLocaleString('en')} clients and some that never read`,
  `Two events of 1 KB a second; ${rounds} rounds of ${SECONDS} s, new processes each.`)
const all = new Map<number, Round[]>([0, 1, 100].map(count => [count, []]))
for (let round = 0; round < rounds; round++) {
  for (const [deaf, results] of all) results.push(await measure(deaf))
}
printTable(
  ['deaf', 'events got', 'median, ms', 'p99, ms', 'most, ms', 'held, MiB', 'resident, MiB', 'spread of p99'],
  [...all].map(([deaf, results]): Cell[] => {
    const median = (part: keyof Round): number => summarize(results.map(result => result[part])).median
    const p99s = spread(results.map(({ p99 }) => p99))
    const figures = (['median', 'p99', 'most', 'held', 'resident'] as const).map(median)
    return [deaf, median('count'), ...figures, p99s]
  }))
