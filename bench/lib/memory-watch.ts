/**
 * The memory of a server under a load over time.
 */
import { setTimeout } from 'node:timers/promises'
import type { ServerProcess } from './server-process.js'
import type { Usage } from './server.js'

const INTERVAL_MS = 500

/** The measured memory, in bytes. */
export interface MemoryGrowth {
  /** The increase of the maximum over that before the load; both contain the garbage of normal work. */
  readonly resident: number
  /** The increase of the held memory, without garbage, from the beginning to the end. */
  readonly held: number
  /** The number of sockets that are left. */
  readonly sockets: number
}

/** The time for which a server is watched, in seconds. */
export interface WatchTimes {
  readonly before: number
  readonly during: number
}

/** Watches the server for a while, then starts the load and watches it again. */
export async function watchMemory(
  server: ServerProcess, times: WatchTimes, begin: () => Promise<unknown>,
): Promise<MemoryGrowth> {
  const before = await settled(server)
  const usual = await peakOf(server, times.before)
  await begin()
  const peak = await peakOf(server, times.during)
  const after = await settled(server)
  return { resident: peak - usual, held: heldBy(after.memory) - heldBy(before.memory), sockets: after.sockets }
}

/** The maximum of the memory of the process within a number of seconds. */
async function peakOf(server: ServerProcess, seconds: number): Promise<number> {
  let peak = 0
  for (const end = Date.now() + seconds * 1000; Date.now() < end;) {
    await setTimeout(INTERVAL_MS)
    peak = Math.max(peak, (await server.usage()).memory.rss)
  }
  return peak
}

async function settled(server: ServerProcess): Promise<Usage> {
  await server.usage({ collect: true })
  return server.usage({ collect: true })
}

/** Returns the bytes that a process holds: its heap, and the memory outside of it, without what is free. */
export function heldBy({ heapUsed, external }: NodeJS.MemoryUsage): number {
  return heapUsed + external
}
