/**
 * Clients that ask for an endless stream and never read: what the server's memory does, for each form of source, with
 * one such client and with 200, and how a normal client is served meanwhile.
 */
import { Child } from './lib/child.js'
import { loadCores } from './lib/cores.js'
import { endless } from './lib/endless.js'
import { watchMemory, type MemoryGrowth } from './lib/memory-watch.js'
import { askAgainAndAgain, type Times } from './lib/normal-client.js'
import { isShort } from './lib/options.js'
import { printHeading, printTable, type Cell } from './lib/report.js'
import { ServerProcess } from './lib/server-process.js'

const MIB = 2 ** 20
const ONE_SECONDS = isShort ? 2 : 30
const WARM_UP_SECONDS = isShort ? 1 : 8
const MANY = isShort ? 20 : 200
const MANY_SECONDS = isShort ? 2 : 10
const forms = isShort ? ['generator', 'ready$-driven', 'Observable, latest'] : Object.keys(endless)

interface Observation extends MemoryGrowth {
  /** How a normal client was served, without the others and beside them. */
  readonly alone: Times
  readonly beside: Times
}

async function observe(form: string, count: number, seconds: number): Promise<Observation> {
  const server = await ServerProcess.start('httprx-slow', form, ['--expose-gc'])
  const { port } = server
  // Code is compiled before, and sources that push have made as much garbage as they ever do.
  await askAgainAndAgain(port, WARM_UP_SECONDS)
  const alone = await askAgainAndAgain(port, 1)
  const clients = new Child('./deaf-client.js', [port, count].map(String), { core: loadCores[0] })
  const growth = watchMemory(server, seconds, () => clients.next())
  const beside = await askAgainAndAgain(port, seconds)
  const observation = { ...await growth, alone, beside }
  await clients.stop()
  await server.stop()
  return observation
}

// One client each is no load, so all forms are observed at once.
printHeading('slow reader', `One client that never reads, ${ONE_SECONDS} s.`)
const single = await Promise.all(forms.map(form => observe(form, 1, ONE_SECONDS)))
printTable(
  ['source', 'resident, MiB', 'at most', 'held at the end, MiB', 'connection'],
  single.map(({ resident, held, sockets }, index): Cell[] =>
    [forms[index], resident / MIB, 8, held / MIB, sockets > 0 ? 'waits' : 'cut']))

printHeading(`${MANY} slow readers`, `${MANY} clients that never read, ${MANY_SECONDS} s, and one normal client.`)
const rows: Cell[][] = []
for (const form of forms) {
  const { resident, held, sockets, alone, beside } = await observe(form, MANY, MANY_SECONDS)
  rows.push([form, resident / MIB, 64, held / MIB, sockets, alone.median, beside.median, alone.p99, beside.p99])
}
printTable([
  'source', 'resident, MiB', 'at most', 'held at the end, MiB', 'connections left', 'median alone, ms', 'beside, ms',
  '99th percentile alone, ms', 'beside, ms',
], rows)
