/**
 * The latency of small requests beside large ones: hello at a constant rate, while 50 clients upload and 50 download,
 * each at its own rate, and 500 have event streams open. The servers take turns, each alone on its core and in new
 * processes, under the same load. `lib/clients/constant-rate.ts` explains how coordinated omission is avoided.
 */
import type { Child } from './lib/child.js'
import { runClients, startClients } from './lib/client-process.js'
import type { RateResult } from './lib/clients/constant-rate.js'
import type { Progress } from './lib/clients/transfers.js'
import { chosenPeers, isShort, rounds, seconds } from './lib/options.js'
import { printHeading, printTable, spread, type Cell } from './lib/report.js'
import { ServerProcess } from './lib/server-process.js'
import { quantile, summarize } from './lib/statistics.js'

/** The share of node:http's 99.9th percentile that we may need. */
const TARGET = 0.5
const TRANSFERS = isShort ? 10 : 50
const STREAMS = isShort ? 100 : 500
/** What each transfer moves in a second, in bytes. */
const TRANSFER_RATE = 2 ** 20
/** Hellos a second, over so many connections that one is idle as a rule. */
const RATE = 500
const CONNECTIONS = 128
const WARM_UP_SECONDS = isShort ? 0.5 : 3
/** A percentile of a thousand requests is one request: rounds are longer than elsewhere. */
const ROUND_SECONDS = isShort ? 1 : seconds * 5

const PARTS = [0.5, 0.99, 0.999] as const

interface Round {
  /** Sorted, in milliseconds. */
  readonly times: readonly number[]
  readonly lateness: readonly number[]
  /** How much of its core the server used. */
  readonly load: number
  /** MiB a second, both ways together. */
  readonly moved: number
}

const sorted = (values: readonly number[]): number[] => values.toSorted((a, b) => a - b)

async function bytesOf(transfers: readonly Child[]): Promise<number> {
  const all = await Promise.all(transfers.map(child => child.ask<Progress>({})))
  return all.reduce((sum, { sent, received }) => sum + sent + received, 0)
}

async function roundOf(peer: string): Promise<Round> {
  const server = await ServerProcess.start(peer, 'mixed')
  const transfers = (['uploads', 'downloads'] as const)
    .map(mode => startClients(mode, server.port, [TRANSFERS, TRANSFER_RATE]))
  const clients = [...transfers, startClients('events', server.port, ['/events', STREAMS])]
  // Where all share a core, the answers that are timed are not to wait for those that are not.
  for (const child of clients) child.giveWay()
  await Promise.all(clients.map(child => child.next()))
  await runClients('constant-rate', server.port, [RATE, WARM_UP_SECONDS, CONNECTIONS])
  const [before, began] = [await server.usage(), performance.now()]
  const bytesBefore = await bytesOf(transfers)
  const { times, lateness } = await runClients<RateResult>(
    'constant-rate', server.port, [RATE, ROUND_SECONDS, CONNECTIONS])
  const bytes = await bytesOf(transfers) - bytesBefore
  const [after, ms] = [await server.usage(), performance.now() - began]
  for (const child of clients) await child.stop()
  await server.stop()
  return {
    times: sorted(times), lateness: sorted(lateness),
    load: (after.cpu - before.cpu) / 1000 / ms, moved: bytes / 2 ** 20 / ms * 1000,
  }
}

const peers = chosenPeers ?? ['node-http', 'httprx', 'httprx-lent']
printHeading('mixed latency', `${RATE} hellos a second beside ${TRANSFERS} uploads and ${TRANSFERS} downloads of `
  + `${TRANSFER_RATE / 2 ** 20} MiB/s each and ${STREAMS} event streams of 10 a second. `
  + `${rounds} interleaved rounds of ${ROUND_SECONDS} s, new processes each.`)
const results = new Map<string, Round[]>(peers.map(peer => [peer, []]))
for (let round = 0; round < rounds; round++) {
  // The first one of a round is another one each time.
  const turn = peers.map((_, index) => peers[(index + round) % peers.length])
  for (const peer of turn) results.get(peer)?.push(await roundOf(peer))
}
const roundsOf = (peer: string): Round[] => results.get(peer) ?? []
const quantiles = (peer: string, part: number): number[] => roundsOf(peer).map(({ times }) => quantile(times, part))
const median = (values: readonly number[]): number => summarize(values).median
/** The median of what it comes to in each round, beside the first peer's. */
const ratio = (peer: string, part: number): number =>
  median(quantiles(peer, part).map((time, round) => time / quantiles(peers[0], part)[round]))

printTable(
  ['server', 'median, ms', 'ratio', '99 %, ms', 'ratio', '99.9 %, ms', 'spread', 'ratio', 'target'],
  peers.map((peer): Cell[] => [
    peer, ...PARTS.slice(0, 2).flatMap(part => [median(quantiles(peer, part)), ratio(peer, part)]),
    median(quantiles(peer, PARTS[2])), spread(quantiles(peer, PARTS[2])), ratio(peer, PARTS[2]),
    peer === 'httprx' ? TARGET : '',
  ]))
printTable(
  ['server', 'its core is used, %', 'MiB/s moved', 'the client\'s timer was late, 99 %, ms', '99.9 %, ms'],
  peers.map((peer): Cell[] => [
    peer, median(roundsOf(peer).map(({ load }) => load * 100)), median(roundsOf(peer).map(({ moved }) => moved)),
    ...PARTS.slice(1).map(part => median(roundsOf(peer).map(({ lateness }) => quantile(lateness, part)))),
  ]))
