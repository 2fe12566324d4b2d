/**
 * Lets V8 free chunks that the application has dropped by cheap collections.
 *
 * V8 begins a full collection when the heap has grown by 8 MiB and the capacity of the young generation, or less
 * (heap-controller.cc), and it counts the memory of arrays. A scavenge frees dropped chunks before that, in a tenth of
 * the time, but it comes when the young generation is full of *objects*, and a chunk of 256 KiB is one small object: a
 * server that takes 50 MiB a second had a full collection after every 9 MiB, each of 10 ms beside 600 connections.
 *
 * Strategy: the young generation is filled with garbage as fast as chunks use up that growth. What the application
 * allocates itself fills it as well, so one that allocates much gets no garbage. Of 50 uploads of 1 MiB a second beside
 * 50 downloads and 500 event streams (Node 26): hardly a full collection in place of 4 a second, half of the CPU, and a
 * third of the 99.9th percentile of other requests. An upload of 1 GiB beside a million objects takes a fifth of the
 * CPU.
 */
import { useGivenMemory } from '../buffer/given-memory.js'
import { isNode, now } from './runtime.js'

const MIB = 2 ** 20

/** The growth of the heap after which V8 may begin a full collection, beside the capacity of the young generation. */
const LEAST_GROWTH = 8 * MIB

/**
 * The parts of that growth after which the young generation is to be full: at most, because other memory grows, too;
 * and at least. A full collection that comes earlier makes the part smaller, and each scavenge makes it larger again:
 * V8 may begin as soon as the rest of the growth is less than the young generation.
 */
const MOST_PART = 0.75
const LEAST_PART = 0.25
const SHRINKING = 0.7
const GROWING = 1.005

/** How many bytes of chunks there are between two looks at the heap, each of which takes 4 µs. */
const STEP = MIB / 2

/** The size of V8's pages. The last one of the young generation need not be full. */
const PAGE = MIB / 4

/** The garbage: arrays of this many elements, of 8 bytes each. */
const ELEMENTS = 1024
const GARBAGE_SIZE = 8 * ELEMENTS

/** The bytes of chunks in a millisecond from which on a server has nothing to do but to take an upload. */
const FASTEST = MIB

/** What is known of the young generation, in bytes. */
export interface YoungSpace {
  readonly used: number
  readonly capacity: number
}

/** The heap of a thread. */
export interface Heap {
  /**
   * Whether uploads at full speed need no garbage: Node 20 and 22 have a scavenge after each 32 MiB of arrays, and one
   * of 1 GiB would take 1.25 of the CPU. (Later versions have none, and it takes 0.9 with garbage.)
   */
  readonly scavengesInTime: boolean
  /** The time in milliseconds. */
  now(): number
  look(): YoungSpace
  makeGarbage(bytes: number): void
}

/** The young generation of a thread's heap. */
export class YoungGeneration {
  private readonly heap: Heap
  /** Bytes of chunks since the last look. */
  private unseen: number
  /** Bytes of chunks since the last collection, as far as it was seen, and its time. */
  private chunks: number
  private collected: number
  /** What was used at the last look, and what was due. */
  private used: number
  private due: number
  /** The part of the growth after which the young generation is to be full. */
  private part: number

  constructor(heap: Heap) {
    this.heap = heap
    this.unseen = 0
    this.chunks = 0
    this.collected = heap.now()
    this.used = 0
    this.due = 0
    this.part = MOST_PART
  }

  /** The application was given an array of this many bytes, or will be. */
  gave(bytes: number): void {
    this.unseen += bytes
    if (this.unseen >= STEP) this.keepUp()
  }

  private keepUp(): void {
    const { heap } = this
    const { used, capacity } = heap.look()
    this.chunks += this.unseen
    this.unseen = 0
    const growth = LEAST_GROWTH + capacity
    const isFast = this.chunks > FASTEST * (heap.now() - this.collected)
    if (used < this.used) this.noteCollection(isFast, capacity * (1 - STEP / (this.part * growth)) - PAGE)
    this.due = capacity * Math.min(1, this.chunks / (this.part * growth))
    this.used = used
    if (this.due <= used || (isFast && heap.scavengesInTime)) return
    heap.makeGarbage(this.due - used)
    this.used = this.due
  }

  /** It was a scavenge if the young generation was filled, by the application or by this; else V8 was earlier. */
  private noteCollection(isFast: boolean, full: number): void {
    const wasScavenge = this.due >= full || this.due < 0.9 * this.used
    if (wasScavenge) this.part = Math.min(MOST_PART, this.part * GROWING)
    else if (!isFast) this.part = Math.max(LEAST_PART, this.part * SHRINKING)
    this.chunks = 0
    this.collected = this.heap.now()
  }
}

type HeapSpaces = readonly { space_name: string; space_used_size: number; space_available_size: number }[]

interface V8 {
  getHeapSpaceStatistics(): HeapSpaces
}

/** Loaded at the first large body, because it makes the start of a process slower. */
let v8: V8 | null = null

/** The heap of this thread. */
class ThreadHeap implements Heap {
  readonly scavengesInTime = Number.parseInt(process.versions.v8) < 13
  /** The last piece of garbage: it is kept, so that no compiler or bundler leaves the others out. */
  last: readonly unknown[] = []

  now(): number {
    return now()
  }

  look(): YoungSpace {
    v8 ??= process.getBuiltinModule('node:v8') as V8
    const space = v8.getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space')
    if (space === undefined) return { used: 0, capacity: 0 }
    return { used: space.space_used_size, capacity: space.space_used_size + space.space_available_size }
  }

  makeGarbage(bytes: number): void {
    for (let made = 0; made < bytes; made += GARBAGE_SIZE) this.last = new Array<unknown>(ELEMENTS)
  }
}

/** Keeps up with all arrays that the application is given, where there is V8's heap and a way to look at it. */
export function watchGivenMemory(): void {
  if (!isNode || typeof process.getBuiltinModule !== 'function') return
  const young = new YoungGeneration(new ThreadHeap())
  useGivenMemory(bytes => { young.gave(bytes) })
}
