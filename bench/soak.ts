/**
 * A mixed load for a long time: hello, uploads, downloads, event streams, WebSockets, TLS, and clients that break off
 * everywhere. The held memory and the open descriptors of the server are sampled and drawn to dist/soak.svg. The
 * benchmark fails if one of them grows, or if a descriptor is left after the load.
 *
 * `npm run soak -- --seconds 60`; the default is 20 minutes.
 */
import { parseArgs } from 'node:util'
import { setTimeout } from 'node:timers/promises'
import { heldBy } from './lib/memory-watch.js'
import { fetchText } from './lib/normal-client.js'
import { plot } from './lib/plot.js'
import { printHeading, printTable, savePicture } from './lib/report.js'
import type { Usage } from './lib/server.js'
import { ServerProcess } from './lib/server-process.js'
import { Load } from './lib/soak-clients.js'
import { growthOf } from './lib/statistics.js'

const { values } = parseArgs({ options: {
  seconds: { type: 'string', default: '1200' },
  rest: { type: 'string', default: '5' },
  picture: { type: 'string', default: 'dist/soak.svg' },
} })
const SECONDS = Number(values.seconds)
const MIB = 2 ** 20
/** The first part is not evaluated: code is compiled, and caches fill. */
const WARM_UP = 0.25
/** The allowed growth by the end of a run: code that is compiled late, and visits in progress. */
const TOLERANCE_MIB = 6

interface Sample {
  readonly seconds: number
  readonly resident: number
  readonly held: number
  readonly descriptors: number
  readonly visits: number
}

const server = await ServerProcess.start('httprx-soak', 'all', ['--expose-gc'])
const tls = Number(await fetchText(server.port, '/tls'))
const before = await server.usage({ collect: true })
const began = Date.now()
const load = new Load({ plain: server.port, tls }, Number(values.rest))
const samples: Sample[] = []

while (Date.now() - began < SECONDS * 1000) {
  await Promise.race([setTimeout(Math.max(250, Math.min(5000, SECONDS * 5))), load.failed()])
  const { memory, descriptors } = await server.usage({ collect: true })
  samples.push({
    seconds: (Date.now() - began) / 1000, resident: memory.rss / MIB, held: heldBy(memory) / MIB,
    descriptors, visits: load.visits,
  })
}
await load.stop()
const after = await whenIdle()
await server.stop()

/** The usage once the sockets of the last visits are closed, or after ten seconds. */
async function whenIdle(): Promise<Usage> {
  for (let n = 0; n < 20; n++) {
    await setTimeout(500)
    const { descriptors } = await server.usage({ collect: true })
    if (descriptors <= before.descriptors) break
  }
  return server.usage({ collect: true })
}

const judged = samples.slice(Math.floor(samples.length * WARM_UP))
const growth = (of: (sample: Sample) => number): number => growthOf(judged, of)
const rows = [
  ['resident, MiB', growth(sample => sample.resident), 'not judged'],
  ['held, MiB', growth(sample => sample.held), TOLERANCE_MIB],
  ['descriptors', growth(sample => sample.descriptors), 10],
  ['descriptors left at the end', after.descriptors - before.descriptors, 0],
] as const

const times = samples.map(({ seconds }) => seconds)
savePicture(values.picture, plot(`Soak: ${load.visits} visits in ${SECONDS} s`, times, [
  { title: 'memory, MiB', curves: [
    { name: 'resident', values: samples.map(({ resident }) => resident) },
    { name: 'held after collection', values: samples.map(({ held }) => held) },
  ] },
  { title: 'held, MiB', curves: [{ name: 'held after collection', values: samples.map(({ held }) => held) }] },
  { title: 'descriptors', curves: [{ name: 'open', values: samples.map(({ descriptors }) => descriptors) }] },
  { title: 'visits a second', curves: [{ name: 'all kinds', values: samples.map(({ seconds, visits }, index) =>
    (visits - (samples[index - 1]?.visits ?? 0)) / (seconds - (samples[index - 1]?.seconds ?? 0))) }] },
]))
printHeading('soak', `${load.visits} visits in ${SECONDS} s; the picture is ${values.picture}. Medians of the last `
  + 'third against the first, without the warm-up.')
printTable(['figure', 'growth', 'at most'], rows.map(row => [...row]))
if (rows.some(([, grown, most]) => typeof most === 'number' && grown > most)) process.exitCode = 1
