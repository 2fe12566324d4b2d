/**
 * The number of events per second that one process delivers, by their size and the number of clients: a `Hub`
 * publishes as fast as its clients take events. Each round has new processes and a fixed duration. `sse` or
 * `websocket` on the command line measures only that.
 */
import { setTimeout } from 'node:timers/promises'
import { startClients } from './lib/client-process.js'
import type { Progress } from './lib/clients/streams.js'
import { isShort, rounds, seconds, words } from './lib/options.js'
import { printHeading, printTable, spread, type Cell } from './lib/report.js'
import { ServerProcess } from './lib/server-process.js'
import type { Usage } from './lib/server.js'
import { summarize } from './lib/statistics.js'

const KINDS = (['sse', 'websocket'] as const).filter(kind => words.length === 0 || words.includes(kind))
const SIZES = isShort ? [32] : [32, 1024, 16 * 1024]
const CLIENTS = isShort ? [100] : [100, 1_000, 5_000]
const TURNS = isShort ? [1] : [1, 10]
const MIB = 2 ** 20
/** The time that the clients of a round have to connect, in milliseconds. */
const PATIENCE_MS = 60_000

/** A size of events, the number of events per turn, and the number of clients. */
interface Load {
  readonly kind: typeof KINDS[number]
  readonly bytes: number
  readonly clients: number
  readonly perTurn: number
}

interface Round {
  /** Deliveries a second, by the clock of the clients. */
  readonly rate: number
  /** The processor time of the server for one delivery, in microseconds. */
  readonly cost: number
  /** The server's use of its core, in per cent. */
  readonly busy: number
}

async function measure({ kind, bytes, clients, perTurn }: Load): Promise<Round> {
  const server = await ServerProcess.start('httprx-capacity', `capacity ${kind} ${bytes} ${clients} ${perTurn}`)
  const receivers = kind === 'sse'
    ? startClients('events', server.port, ['/', clients])
    : startClients('messages', server.port, [clients])
  await Promise.race([receivers.next(), late()])
  // The code is compiled, and the buffers of the kernel have reached their final fill.
  await setTimeout(1_000)
  const state = async (): Promise<Progress & Usage> => {
    const [usage, progress] = await Promise.all([server.usage(), receivers.ask<Progress>({})])
    return { ...usage, ...progress }
  }
  const before = await state()
  await setTimeout(seconds * 1_000)
  const after = await state()
  await receivers.stop()
  await server.stop()
  const [count, ms, cpu] = [after.count - before.count, after.ms - before.ms, after.cpu - before.cpu]
  return { rate: count / ms * 1_000, cost: cpu / count, busy: cpu / ms / 10 }
}

async function late(): Promise<never> {
  await setTimeout(PATIENCE_MS, null, { ref: false })
  throw new Error(`the clients of a round did not connect within ${PATIENCE_MS / 1_000} s`)
}

/** Every combination. */
const LOADS: readonly Load[] = KINDS.flatMap(kind => SIZES.flatMap(bytes =>
  CLIENTS.flatMap(clients => TURNS.map(perTurn => ({ kind, bytes, clients, perTurn })))))

async function rowOf(load: Load): Promise<Cell[]> {
  const results: Round[] = []
  for (let round = 0; round < rounds; round++) results.push(await measure(load))
  const median = (part: keyof Round): number => summarize(results.map(result => result[part])).median
  const { kind, bytes, clients, perTurn } = load
  const rate = median('rate')
  return [kind, bytes, clients, perTurn, rate, spread(results.map(result => result.rate)), rate / clients,
    rate * bytes / MIB, median('cost'), spread(results.map(({ cost }) => cost)), median('busy')]
}

printHeading('What one process delivers', `A Hub publishes as fast as all clients take events, ${TURNS.join(' or ')} `
  + `in a turn; ${rounds} rounds of ${seconds} s, new processes each. A delivery is one event to one client.`)
const rows: Cell[][] = []
for (const load of LOADS) rows.push(await rowOf(load))
printTable(['transport', 'bytes', 'clients', 'in a turn', 'deliveries/s', 'spread', 'events/s', 'MiB/s',
  'CPU, µs a delivery', 'its spread', 'server busy, %'], rows)
