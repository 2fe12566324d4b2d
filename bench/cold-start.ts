/**
 * The time of a process from `import` to the end of its first response, which serverless functions, command lines and
 * tests feel. Each server starts in new processes, in turns; a second table has the files that each loads.
 */
import { connect } from 'node:net'
import { Child } from './lib/child.js'
import type { ColdStart, LoadedFiles } from './lib/cold-start-server.js'
import { serverCore } from './lib/cores.js'
import { chosenPeers, isShort, rounds } from './lib/options.js'
import { printHeading, printTable, spread, type Cell } from './lib/report.js'
import { summarize } from './lib/statistics.js'

/** The target: our start as a multiple of node:http's, on Node 26. */
const TARGET = 2
/** Starts of each server per round. */
const STARTS = isShort ? 1 : 3

interface Start {
  readonly cpuMs: number
  readonly wallMs: number
}

/** Sends one request over its own connection; returns the time at which its response was complete. */
function ask(port: number): Promise<bigint> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => { socket.write('GET / HTTP/1.1\r\nHost: bench\r\n\r\n') })
    let text = ''
    socket.on('error', reject)
    socket.setEncoding('latin1').on('data', (piece: string) => {
      text += piece
      if (!text.endsWith('Hello, World!')) return
      resolve(process.hrtime.bigint())
      socket.destroy()
    })
  })
}

async function startOf(server: string): Promise<Start> {
  const child = new Child('./cold-start-server.js', [server], { core: serverCore })
  const { port } = await child.next<{ port: number }>()
  const end = await ask(port)
  const { cpu, began } = await child.ask<ColdStart>({})
  await child.stop()
  return { cpuMs: cpu / 1000, wallMs: Number(end - BigInt(began)) / 1e6 }
}

async function filesOf(server: string): Promise<Cell[]> {
  const child = new Child('./cold-start-server.js', [server, 'files'], { core: serverCore })
  const { port } = await child.next<{ port: number }>()
  await ask(port)
  const files = Object.entries(await child.ask<LoadedFiles>({}))
  await child.stop()
  const count = (part: string): number => files.filter(([url]) => url.includes(part)).length
  const [ours, rxjs] = [count('/dist/esm/'), count('/node_modules/rxjs/')]
  const size = files.reduce((sum, [, length]) => sum + length, 0) / 1024
  return [server, ours, rxjs, files.length - ours - rxjs, size]
}

const peers = chosenPeers ?? ['node-http', 'httprx', 'httprx/core', 'httprx and all of rxjs', 'fastify']
printHeading('cold start', `Milliseconds from \`import\` to the first response, on the processor and on the clock; `
  + `${peers[0]} = 1. ${rounds * STARTS} new processes each, in turns.`)
const starts = new Map<string, Start[]>(peers.map(peer => [peer, []]))
// A first start loads the files into the page cache.
for (const peer of peers) await startOf(peer)
for (let round = 0; round < rounds * STARTS; round++) {
  for (const peer of peers) starts.get(peer)?.push(await startOf(peer))
}
const times = (peer: string, kind: keyof Start): number[] => (starts.get(peer) ?? []).map(start => start[kind])
/** The time of this peer, relative to the first one in the same round. */
const ratio = (peer: string, kind: keyof Start): number =>
  summarize(times(peer, kind).map((time, round) => time / times(peers[0], kind)[round])).median
const row = (peer: string): Cell[] => {
  const [cpu, wall] = (['cpuMs', 'wallMs'] as const).map(kind =>
    [summarize(times(peer, kind)).median, spread(times(peer, kind)), ratio(peer, kind)])
  return [peer, ...cpu, peer === 'httprx' ? TARGET : '', ...wall]
}
printTable(['server', 'CPU, ms', 'spread', 'ratio', 'target', 'clock, ms', 'spread', 'ratio'], peers.map(row))
const rows: Cell[][] = []
for (const peer of peers) rows.push(await filesOf(peer))
printTable(['server', 'files of httprx', 'of RxJS', 'others', 'KiB of text'], rows)
