/**
 * One server in its own process: `node server.js <peer> <scenario>`. It reports its port, then answers each message
 * with its usage so far, and ends when its channel closes.
 */
import { readdirSync, writeFileSync } from 'node:fs'
import { Session } from 'node:inspector/promises'
import { GCProfiler, getHeapStatistics } from 'node:v8'
import type { StartPeer } from './scenario.js'

/** The usage of a server process. */
export interface Usage {
  /** Processor time of user and system, in microseconds. */
  readonly cpu: number
  /** Bytes. */
  readonly memory: NodeJS.MemoryUsage
  /** The number of open sockets. */
  readonly sockets: number
  /** The number of open descriptors; 0 if the system does not report it. */
  readonly descriptors: number
  /** Bytes allocated in the heap since the first message with `countAllocation`; 0 before. */
  readonly allocated: number
}

/** The requests to a server process, besides that for its usage. */
export interface Question {
  /** Collect garbage first. */
  readonly collect?: boolean
  /** Count allocated bytes from now on. */
  readonly countAllocation?: boolean
  /** Profile the processor from now on. */
  readonly startProfile?: boolean
  /** Write the profile to this file. */
  readonly saveProfile?: string
}

interface Peer {
  readonly start: StartPeer
  /** Processor time in microseconds, if it is not that of this process. */
  readonly cpu?: () => number
}

const [peer, scenario] = process.argv.slice(2)
const { start, cpu = ownCpu } = await import(`./peers/${peer}.js`) as Peer

process.on('disconnect', () => process.exit())
process.on('message', (question: Question) => { void answer(question) })
process.send?.({ port: await start(scenario) })

async function answer({ collect, countAllocation, startProfile, saveProfile }: Question): Promise<void> {
  if (collect === true) globalThis.gc?.()
  if (startProfile === true) await profileProcessor()
  if (saveProfile !== undefined) writeFileSync(saveProfile, await profiled())
  const allocated = countAllocated()
  if (countAllocation === true) startCounting()
  process.send?.(usage(allocated))
}

function ownCpu(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}

function usage(allocated: number): Usage {
  const sockets = process.getActiveResourcesInfo().filter(name => name === 'TCPSocketWrap').length
  return { cpu: cpu(), memory: process.memoryUsage(), sockets, descriptors: countDescriptors(), allocated }
}

function countDescriptors(): number {
  return process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0
}

// The allocated bytes are the growth of the heap plus the freed bytes.
let profiler: GCProfiler | null = null
let heapAtStart = 0

function startCounting(): void {
  profiler = new GCProfiler()
  profiler.start()
  heapAtStart = getHeapStatistics().used_heap_size
}

function countAllocated(): number {
  if (profiler === null) return 0
  const heapAtEnd = getHeapStatistics().used_heap_size
  const collections = profiler.stop().statistics
  profiler = null
  return collections.reduce((sum, { beforeGC, afterGC }) =>
    sum + beforeGC.heapStatistics.usedHeapSize - afterGC.heapStatistics.usedHeapSize, heapAtEnd - heapAtStart)
}

let session: Session | null = null

async function profileProcessor(): Promise<void> {
  session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.setSamplingInterval', { interval: 200 })
  await session.post('Profiler.start')
}

async function profiled(): Promise<string> {
  if (session === null) throw new Error('there is no profile')
  const { profile } = await session.post('Profiler.stop')
  session.disconnect()
  return JSON.stringify(profile)
}
