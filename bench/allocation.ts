/**
 * The bytes of the heap that a request allocates, for hello over 64 connections. Memory outside of the heap, such as
 * the buffers that sockets read into, is not counted.
 */
import { runClients } from './lib/client-process.js'
import { chosenPeers, isShort } from './lib/options.js'
import { printHeading, printTable, type Cell } from './lib/report.js'
import { ServerProcess } from './lib/server-process.js'

/** The target: our share of node:http's bytes. */
const TARGET = 0.5
const CONNECTIONS = 64
const REQUESTS = isShort ? 200 : 2_000

async function talkTo(server: ServerProcess): Promise<void> {
  await runClients('keep-alive', server.port, [CONNECTIONS, REQUESTS])
}

async function allocatedBy(peer: string): Promise<number> {
  const server = await ServerProcess.start(peer, 'hello', ['--expose-gc'])
  await talkTo(server)
  await server.usage({ collect: true, countAllocation: true })
  await talkTo(server)
  const { allocated } = await server.usage()
  await server.stop()
  return allocated / (CONNECTIONS * REQUESTS)
}

printHeading('allocation', `Bytes of the heap a request; ${(CONNECTIONS * REQUESTS).toLocaleString('en')} requests.`)
const peers = chosenPeers ?? ['node-http', 'httprx', 'core', 'fastify', 'node-net', 'node-net-shared']
const bytes: number[] = []
for (const peer of peers) bytes.push(await allocatedBy(peer))
printTable(['server', 'bytes/request', 'ratio', 'target'], peers.map((peer, index): Cell[] =>
  [peer, bytes[index], bytes[index] / bytes[0], peer === 'httprx' ? TARGET : '']))
