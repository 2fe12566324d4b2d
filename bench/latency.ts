/**
 * The 99th percentile of the response time under the full load of 64 connections, for one server after the other, each
 * alone on its core.
 */
import { chosenPeers, rounds } from './lib/options.js'
import { rates } from './lib/rates.js'
import { printHeading, printTable, spread, type Cell } from './lib/report.js'
import { summarize } from './lib/statistics.js'
import { workloads } from './lib/workloads.js'

/** The target: our share of node:http's time. */
const TARGET = 0.5

const peers = chosenPeers ?? ['node-http', 'httprx', 'fastify', 'node-net-shared']
printHeading('latency', `hello over 64 connections, 99th percentile in ms. ${rounds} interleaved rounds.`)
const results = await rates(peers, { ...workloads.hello, rounds })
const reference = summarize((results.get(peers[0]) ?? []).map(({ p99Ms }) => p99Ms)).median
printTable(['server', '99th percentile, ms', 'spread', 'ratio', 'target', 'requests/s'], peers.map((peer): Cell[] => {
  const times = (results.get(peer) ?? []).map(({ p99Ms }) => p99Ms)
  const { median } = summarize(times)
  const rate = summarize((results.get(peer) ?? []).map(({ units, seconds }) => units / seconds)).median
  return [peer, median, spread(times), median / reference, peer === 'httprx' ? TARGET : '', rate]
}))
