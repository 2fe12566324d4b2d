/**
 * Lines of JSON that are received, parsed, processed asynchronously, and sent to a client that reads 1 MiB per second:
 * the memory of the server, as figures and as a picture. The default is 64 MiB; `slow-ndjson 1024` moves 1 GiB, which
 * takes 17 minutes.
 */
import { setTimeout } from 'node:timers/promises'
import { startClients } from './lib/client-process.js'
import type { NdjsonProgress } from './lib/clients/transfers.js'
import { heldBy } from './lib/memory-watch.js'
import { isShort, words } from './lib/options.js'
import { plot } from './lib/plot.js'
import { printHeading, printTable, savePicture } from './lib/report.js'
import { NDJSON_PIECE } from './lib/scenario.js'
import { ServerProcess } from './lib/server-process.js'
import { growthOf } from './lib/statistics.js'

const MIB = 2 ** 20
const PICTURE = 'dist/slow-ndjson.svg'
/** The greatest growth of the server's memory from the first to the last third of the time. */
const TOLERANCE_MIB = 8
const megabytes = Number(words.find(word => /^\d+$/.test(word)) ?? (isShort ? 4 : 64))
const pieces = Math.ceil(megabytes * MIB / NDJSON_PIECE.length)

interface Sample {
  readonly seconds: number
  readonly resident: number
  readonly held: number
  readonly sent: number
  readonly received: number
}

const server = await ServerProcess.start('httprx-ndjson', 'ndjson', ['--expose-gc'])
const client = startClients('ndjson', server.port, [pieces, MIB])
await client.next()
const samples: Sample[] = []
const began = Date.now()

for (let isComplete = false; !isComplete;) {
  await setTimeout(Math.min(5_000, Math.max(250, megabytes * 10)))
  const { memory } = await server.usage({ collect: true })
  const progress = await client.ask<NdjsonProgress>({})
  isComplete = progress.isComplete
  samples.push({
    seconds: (Date.now() - began) / 1000,
    resident: memory.rss / MIB,
    held: heldBy(memory) / MIB,
    sent: progress.sent / MIB,
    received: progress.received / MIB,
  })
}
await client.stop()
await server.stop()

const most = (of: (sample: Sample) => number): number => Math.max(...samples.map(of))
const growth = (of: (sample: Sample) => number): number => growthOf(samples, of)
const ahead = ({ sent, received }: Sample): number => sent - received
const curve = (name: string, of: (sample: Sample) => number) => ({ name, values: samples.map(of) })

savePicture(PICTURE, plot(`NDJSON, ${megabytes} MiB to a client that reads 1 MiB a second`,
  samples.map(({ seconds }) => seconds), [
    { title: 'memory, MiB', curves: [curve('resident', each => each.resident), curve('held', each => each.held)] },
    { title: 'held, MiB', curves: [curve('after a collection', each => each.held)] },
    { title: 'moved, MiB', curves: [curve('sent', each => each.sent), curve('received', each => each.received)] },
    { title: 'sent and not received, MiB', curves: [curve('ahead', ahead)] },
  ]))
printHeading('slow NDJSON', `${megabytes} MiB, in ${Math.round(samples.at(-1)?.seconds ?? 0)} s, every line worked on. `
  + `The picture is ${PICTURE}. Growth: medians of the last third against the first.`)
const held = growth(each => each.held)
printTable(['figure', 'growth', 'at most', 'the most that was'], [
  ['resident, MiB', growth(each => each.resident), 'not judged', most(each => each.resident)],
  ['held, MiB', held, TOLERANCE_MIB, most(each => each.held)],
  ['sent and not received, MiB', growth(ahead), '', most(ahead)],
])
if (held > TOLERANCE_MIB) process.exitCode = 1
