/**
 * Events through a NATS stream to one, two and four processes of a `NatsHub`: the rate, and the cost of each event for
 * the broker. nats-server has to be installed.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from '@nats-io/transport-node'
import { NatsHub } from 'httprx/hub/nats'
import { Child } from './lib/child.js'
import { isShort } from './lib/options.js'
import { printHeading, printTable, type Cell } from './lib/report.js'

const PORT = 14_222
const EVENTS = isShort ? 2_000 : 20_000
const SIZES = isShort ? [100] : [100, 1_000, 10_000]
const COUNTS = isShort ? [1] : [1, 2, 4]
/** The number of simultaneous publications. */
const AHEAD = 256
/** The clock of the kernel's counters. */
const TICKS = 100

/** Processor time so far, in seconds. */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS
}

async function publishAll(url: string, bytes: number): Promise<void> {
  const connection = await connect({ servers: url })
  const hub = await NatsHub.connect<string>({ connection, stream: 'BENCH', subject: 'bench' })
  // It only publishes; the events that it receives are not counted, but cost the broker as much as another process.
  const padding = 'x'.repeat(bytes)
  let left = EVENTS
  await Promise.all(Array.from({ length: AHEAD }, async () => { while (left-- > 0) await hub.publish(padding) }))
  await hub.close()
  await connection.close()
}

async function measure(bytes: number, count: number): Promise<Cell[]> {
  const folder = mkdtempSync(join(tmpdir(), 'httprx-bench-'))
  const broker = spawn('nats-server', ['-js', '-sd', folder, '-a', '127.0.0.1', '-p', String(PORT)])
  let log = ''
  broker.stderr.on('data', (text: Buffer) => { log += String(text) })
  while (!log.includes('Server is ready')) await once(broker.stderr, 'data')
  const url = `nats://127.0.0.1:${PORT}`
  const words = [url, String(EVENTS)]
  const children = Array.from({ length: count }, () => new Child('./nats-process.js', words, { core: null }))
  for (const child of children) await child.next()
  const [began, cpu] = [performance.now(), cpuOf(broker.pid ?? 0)]
  const done = Promise.all(children.map(child => child.next<{ cpu: NodeJS.CpuUsage }>()))
  await Promise.all([publishAll(url, bytes), done])
  const seconds = (performance.now() - began) / 1_000
  const used = cpuOf(broker.pid ?? 0) - cpu
  await Promise.all(children.map(child => child.stop()))
  broker.kill()
  await once(broker, 'exit')
  rmSync(folder, { recursive: true })
  return [bytes, count, EVENTS / seconds, used / EVENTS * 1e6]
}

printHeading('NATS fan-out', `${EVENTS.toLocaleString('en')} events, each acknowledged, ${AHEAD} at a time.`)
const rows: Cell[][] = []
for (const bytes of SIZES) for (const count of COUNTS) rows.push(await measure(bytes, count))
printTable(['bytes', 'processes, beside the publisher', 'events a second', 'broker, µs an event'], rows)
