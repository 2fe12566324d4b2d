/**
 * Lets V8 free chunks that the application has dropped by cheap collections.
 *
 * V8 begins a full collection when the heap has grown by 8 MiB and the capacity of the young generation, or less
 * (heap-controller.cc), and it counts the memory of arrays. A scavenge frees dropped chunks before that, in a tenth of
 * the time, but it comes when the young generation is full of *objects*, and a chunk of 256 KiB is one small object: a
 * server that takes 50 MiB a second had a full collection after every 9 MiB, each of 10 ms beside 600 connections.
 *
 * Strategy: the young generation is filled with garbage as fast as chunks use up that growth. What the application
 * allocates itself fills it as well, so one that allocates much gets no garbage; nor does a fast upload where V8 has a
 * scavenge by itself in time. Of 50 uploads of 1 MiB a second beside 50 downloads and 500 event streams (Node 26):
 * hardly a full collection in place of 4 a second, half of the CPU, and a third of the 99.9th percentile of other
 * requests. An upload of 1 GiB beside a million objects takes a fifth of the CPU.
 */
import { useGivenMemory } from '../buffer/given-memory.js'
import { isNode, now, v8Version } from './runtime.js'

const MIB = 2 ** 20

/** The growth of the heap after which V8 may begin a full collection, beside the capacity of the young generation. */
const LEAST_GROWTH = 8 * MIB

/** The part of that growth after which the young generation is to be full. Other memory grows as well. */
const PART = 0.75

/** After how many failures there is no garbage for a while, and for how many collections. */
const MOST_FAILURES = 20
const REST = 100

/** How many bytes of chunks there are between two looks at the heap, each of which takes 4 µs. */
const STEP = MIB / 2

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
   * The bytes of arrays after which there is a scavenge in any case: 32 MiB on Node 20 and 22, Infinity on later ones.
   * Without garbage an upload of 1 GiB takes 0.7 of the CPU if no full collection comes before, and 1.7 if one does.
   */
  readonly arraysPerScavenge: number
  /** The time in milliseconds. */
  now(): number
  look(): YoungSpace
  /** Whether there was a full collection since the last call. It may miss some. */
  wasCollectedFully(): boolean
  makeGarbage(bytes: number): void
}

/**
 * A part of the growth. A full collection that comes earlier makes it smaller, and each scavenge larger again. Where
 * one in five collections is a full one even so, the application keeps its chunks, and garbage only adds scavenges:
 * there is none for a while. (50 uploads whose last 20 or 100 MiB are kept took 1.9 of the CPU, and take 1.2.)
 */
class Part {
  private readonly least: number
  private readonly most: number
  private readonly growing: number
  private current: number
  /** How far garbage has been in vain. */
  private failures: number
  /** For how many collections there is no garbage. */
  private rest: number

  constructor(least: number, most: number, growing: number) {
    this.least = least
    this.most = most
    this.growing = growing
    this.current = most
    this.failures = 0
    this.rest = 0
  }

  get value(): number {
    return this.rest > 0 ? Infinity : this.current
  }

  /** There was a collection. */
  adapt(wasFull: boolean): void {
    if (this.rest > 0) this.rest--
    else if (wasFull) this.wasLate()
    else this.wasInTime()
  }

  private wasInTime(): void {
    this.failures = Math.max(0, this.failures - 1)
    this.current = Math.min(this.most, this.current * this.growing)
  }

  private wasLate(): void {
    if (this.current / 2 < this.least) this.failures += 4
    this.current = Math.max(this.least, this.current / 2)
    if (this.failures < MOST_FAILURES) return
    this.failures = 0
    this.rest = REST
    this.current = this.most
  }
}

/** The young generation of a thread's heap. */
export class YoungGeneration {
  private readonly heap: Heap
  /** For an upload that is all the work there is: garbage for less than {@link PART} costs more than it saves. */
  private readonly fast: Part
  /** Beside other work, which a full collection delays: it may begin when less is left than the young generation. */
  private readonly slow: Part
  /** Bytes of chunks since the last look. */
  private unseen: number
  /** Bytes of chunks since the last collection, as far as it was seen, and its time. */
  private chunks: number
  private collected: number
  /** What was used after the last look. */
  private used: number

  constructor(heap: Heap) {
    this.heap = heap
    // With twice the growth, V8's own scavenge comes first if the young generation has 8 MiB; a smaller one is cheap.
    this.fast = new Part(PART, heap.arraysPerScavenge < Infinity ? 2 : PART, 1.02)
    this.slow = new Part(0.25, 0.4, 1.005)
    this.unseen = 0
    this.chunks = 0
    this.collected = heap.now()
    this.used = 0
  }

  /** The application was given an array of this many bytes, or will be. */
  gave(bytes: number): void {
    this.unseen += bytes
    if (this.unseen >= STEP) this.keepUp()
  }

  private keepUp(): void {
    const { heap } = this
    this.chunks += this.unseen
    this.unseen = 0
    const { used, capacity } = heap.look()
    const part = this.chunks > FASTEST * (heap.now() - this.collected) ? this.fast : this.slow
    if (used < this.used) this.noteCollection(part)
    const span = part.value * (LEAST_GROWTH + capacity)
    const due = capacity * Math.min(1, this.chunks / span)
    this.used = used
    if (due <= used || span >= heap.arraysPerScavenge) return
    heap.makeGarbage(due - used)
    this.used = due
  }

  private noteCollection(part: Part): void {
    part.adapt(this.heap.wasCollectedFully())
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
  readonly arraysPerScavenge = v8Version < 13 ? 32 * MIB : Infinity
  /** A symbol that nobody holds. V8 makes symbols in the old generation, so only a full collection takes it. */
  private symbol = new WeakRef(Symbol())
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

  wasCollectedFully(): boolean {
    if (this.symbol.deref() !== undefined) return false
    this.symbol = new WeakRef(Symbol())
    return true
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
