/**
 * Clients that request an endless stream and never read: the memory of the server, for each form of source, with one
 * such client and with 200, and the service of a normal client meanwhile. node:http is measured with the forms that it
 * has, to show the share of the source itself.
 */
import type { Child } from './lib/child.js'
import { startClients } from './lib/client-process.js'
import { endless } from './lib/endless.js'
import { watchMemory, type MemoryGrowth } from './lib/memory-watch.js'
import { askAgainAndAgain, readFor, type Times } from './lib/normal-client.js'
import { isShort } from './lib/options.js'
import { printHeading, printTable, type Cell } from './lib/report.js'
import { ServerProcess } from './lib/server-process.js'

const MIB = 2 ** 20
const ONE_SECONDS = isShort ? 2 : 30
const WARM_UP_SECONDS = isShort ? 1 : 4
const ALONE_SECONDS = isShort ? 1 : 8
const MANY = isShort ? 20 : 200
const MANY_SECONDS = isShort ? 2 : 10
const MANY_MIB = 64
const forms = isShort ? ['generator', 'ready$-driven', 'Observable, latest'] : Object.keys(endless)
const references = isShort ? ['generator'] : ['generator', 'ReadableStream']

interface Observation extends MemoryGrowth {
  /** The service of a normal client: without the others, while their buffers fill, and once they are full. */
  readonly alone: Times
  readonly filling: Times
  readonly full: Times
}

async function observe(form: string, count: number, seconds: number, peer = 'httprx-slow'): Promise<Observation> {
  const server = await ServerProcess.start(peer, form, ['--expose-gc'])
  const { port } = server
  // Before, the code is compiled, and the source has made as much garbage as for a client that reads.
  await readFor(port, '/endless', WARM_UP_SECONDS)
  let clients: Child | undefined
  const growth = watchMemory(server, { before: ALONE_SECONDS, during: seconds }, () => {
    clients = startClients('deaf', port, [count])
    return clients.next()
  })
  const alone = await askAgainAndAgain(port, ALONE_SECONDS)
  const filling = await askAgainAndAgain(port, seconds / 2)
  const full = await askAgainAndAgain(port, seconds / 2)
  const observation = { ...await growth, alone, filling, full }
  await clients?.stop()
  await server.stop()
  return observation
}

// One client per form is hardly a load, so that all forms are observed at once.
printHeading('slow reader', `One client that never reads, ${ONE_SECONDS} s.`)
const single = await Promise.all(forms.map(form => observe(form, 1, ONE_SECONDS)))
printTable(
  ['source', 'resident, MiB', 'at most', 'held at the end, MiB', 'connection'],
  single.map(({ resident, held, sockets }, index): Cell[] =>
    [forms[index], resident / MIB, 8, held / MIB, sockets > 0 ? 'waits' : 'cut']))

printHeading(`${MANY} slow readers`, `${MANY} clients that never read, ${MANY_SECONDS} s, and one normal client.`)
const rows: Cell[][] = []
async function addRow(title: string, form: string, peer?: string): Promise<void> {
  const { resident, held, sockets, alone, filling, full } = await observe(form, MANY, MANY_SECONDS, peer)
  const medians = [alone.median, filling.median, full.median]
  rows.push([title, resident / MIB, held / MIB, sockets, ...medians, alone.p99, filling.p99, full.p99])
}
for (const form of forms) await addRow(form, form)
for (const form of references) await addRow(`(node:http) ${form}`, form, 'node-http-slow')
printTable([
  'source', `resident, MiB (at most ${MANY_MIB})`, 'held at the end, MiB', 'connections left',
  'median alone, ms', 'filling', 'full', '99th percentile alone, ms', 'filling', 'full',
], rows)
