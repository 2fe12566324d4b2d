/**
 * A client that uploads 2 GiB to a handler that takes 1 MiB per second: the memory of the server, and the progress of
 * the client. It is watched for a while (`--seconds`) and not to the end, which would take half an hour.
 */
import { startClients } from './lib/client-process.js'
import type { Progress } from './lib/clients/transfers.js'
import { watchMemory } from './lib/memory-watch.js'
import { fetchText } from './lib/normal-client.js'
import { isShort, words, seconds as roundSeconds } from './lib/options.js'
import { printHeading, printTable } from './lib/report.js'
import { ServerProcess } from './lib/server-process.js'

const MIB = 2 ** 20
const BYTES = 2 ** 31
const seconds = words.includes('whole') ? BYTES / MIB + 10 : Math.max(roundSeconds, isShort ? 3 : 30)

const server = await ServerProcess.start('httprx-slow', 'generator', ['--expose-gc'])
for (let count = 0; count < 200; count++) await fetchText(server.port, '/taken')
const client = startClients('flood', server.port, [BYTES])
const growth = await watchMemory(server, { before: 2, during: seconds }, () => client.next())
const taken = Number(await fetchText(server.port, '/taken'))
const { sent } = await client.ask<Progress>({})
await client.stop()
await server.stop()

printHeading('slow upload', `A handler that takes 1 MiB a second, watched for ${Math.round(seconds)} s.`)
printTable(
  ['resident, MiB', 'at most', 'held at the end, MiB', 'sent, MiB', 'taken, MiB', 'on the way, MiB'],
  [[growth.resident / MIB, 8, growth.held / MIB, sent / MIB, taken / MIB, (sent - taken) / MIB]])
