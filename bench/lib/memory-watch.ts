/**
 * How the memory of a server moves while something goes on.
 */
import { setTimeout } from 'node:timers/promises'
import type { ServerProcess } from './server-process.js'
import type { Usage } from './server.js'

const INTERVAL_MS = 500

/** What was seen, in bytes. */
export interface MemoryGrowth {
  /** The most that the process had, above what it began with, both with garbage. */
  readonly resident: number
  /** What it held at the end that is no garbage, above what it began with. */
  readonly held: number
  /** How many sockets were left. */
  readonly sockets: number
}

/** Starts something and watches the server for so many seconds. */
export async function watchMemory(
  server: ServerProcess, seconds: number, begin: () => Promise<unknown>,
): Promise<MemoryGrowth> {
  // With its garbage: what goes on makes some, too, and how much of it lies about at a time is the engine's choice.
  const { memory: { rss } } = await server.usage()
  const before = await settled(server)
  await begin()
  let peak = 0
  for (const end = Date.now() + seconds * 1000; Date.now() < end;) {
    await setTimeout(INTERVAL_MS)
    peak = Math.max(peak, (await server.usage()).memory.rss)
  }
  const after = await settled(server)
  return { resident: peak - rss, held: heldBy(after) - heldBy(before), sockets: after.sockets }
}

async function settled(server: ServerProcess): Promise<Usage> {
  await server.usage({ collect: true })
  return server.usage({ collect: true })
}

function heldBy({ memory }: Usage): number {
  return memory.heapUsed + memory.external
}
