/**
 * Garbage for the young generation, on a model of V8's heap: a scavenge comes when its objects fill it, and frees the
 * chunks that were dropped.
 */
import { describe, expect, it } from '@jest/globals'
import * as fc from 'fast-check'
import { YoungGeneration } from '../../lib/node/young-generation.js'

const KIB = 1024
const MIB = 1024 * KIB

/** The young generation of a heap without live objects. */
class Heap {
  readonly young: YoungGeneration
  readonly capacity: number
  readonly arraysPerScavenge: number
  used = 0
  looks = 0
  time = 0
  /** The milliseconds between two chunks. */
  pace = 0
  garbage = 0
  /** The chunks since the last scavenge, and the most there ever were. */
  chunks = 0
  mostChunks = 0

  /** The chunks after which there is a full collection. */
  limit = Infinity
  fullCollections = 0
  private wasFull = false

  constructor(capacity: number, arraysPerScavenge = Infinity) {
    this.capacity = capacity
    this.arraysPerScavenge = arraysPerScavenge
    this.young = new YoungGeneration({
      arraysPerScavenge,
      now: () => this.time,
      look: () => {
        this.looks++
        return { used: this.used, capacity }
      },
      wasCollectedFully: () => {
        const { wasFull } = this
        this.wasFull = false
        return wasFull
      },
      makeGarbage: bytes => {
        this.garbage += bytes
        this.allocate(bytes)
      },
    })
  }

  allocate(bytes: number): void {
    this.used += bytes
    if (this.used >= this.capacity) this.scavenge()
  }

  private scavenge(): void {
    this.used = 0
    this.chunks = 0
  }

  private collect(): void {
    this.fullCollections++
    this.scavenge()
    this.wasFull = true
  }

  /** The application allocates this much, gets a chunk, and drops both. */
  chunk(size: number, beside = 0): void {
    this.allocate(beside)
    this.time += this.pace
    this.chunks += size
    this.mostChunks = Math.max(this.mostChunks, this.chunks)
    if (this.chunks > this.limit) this.collect()
    else if (this.chunks > this.arraysPerScavenge) this.scavenge()
    this.young.gave(size)
  }
}

/** Where V8 may begin a full collection. */
const limitOf = (capacity: number): number => 8 * MIB + capacity

describe('the young generation beside chunks', () => {
  it.each([1, 2, 4, 8, 16])('of %i MiB is full before the chunks reach the limit of a full collection', mib => {
    const heap = new Heap(mib * MIB)
    for (let sent = 0; sent < 1024 * MIB; sent += 64 * KIB) heap.chunk(64 * KIB)
    expect(heap.mostChunks).toBeLessThan(limitOf(heap.capacity))
    expect(heap.mostChunks).toBeGreaterThan(limitOf(heap.capacity) / 2)
  })

  it('is full in time for chunks of any sizes, beside any allocation', () => {
    const sizes = fc.array(fc.tuple(fc.integer({ min: 1, max: 256 * KIB }), fc.nat(64 * KIB)), { minLength: 1 })
    fc.assert(fc.property(fc.integer({ min: 0, max: 4 }), sizes, (doublings, chunks) => {
      const heap = new Heap(2 ** doublings * MIB)
      for (let given = 0; given < 64 * MIB;) {
        for (const [size, beside] of chunks) {
          heap.chunk(size, beside)
          given += size
        }
        // Chunks of a few bytes never come near the limit.
        if (given < MIB) break
      }
      expect(heap.mostChunks).toBeLessThan(limitOf(heap.capacity))
    }))
  })

  it('is full in time also where V8 begins a full collection earlier', () => {
    const heap = new Heap(16 * MIB)
    heap.limit = 7.5 * MIB
    heap.pace = 1
    for (let sent = 0; sent < 1024 * MIB; sent += 64 * KIB) heap.chunk(64 * KIB)
    // In place of 136.
    expect(heap.fullCollections).toBeLessThan(20)
    const before = heap.fullCollections
    heap.limit = Infinity
    heap.mostChunks = 0
    for (let sent = 0; sent < 4096 * MIB; sent += 256 * KIB) heap.chunk(256 * KIB)
    expect(heap.fullCollections).toBe(before)
    expect(heap.mostChunks).toBeGreaterThan(9 * MIB)
  })

  it('gets no garbage where the application allocates enough', () => {
    const heap = new Heap(4 * MIB)
    for (let i = 0; i < 10_000; i++) heap.chunk(64 * KIB, 32 * KIB)
    expect(heap.garbage).toBe(0)
  })

  it('gets as little garbage as it needs: of 1 MiB, a sixth of the chunks', () => {
    const heap = new Heap(MIB)
    for (let sent = 0; sent < 256 * MIB; sent += 64 * KIB) heap.chunk(64 * KIB)
    expect(heap.garbage).toBeLessThan(256 * MIB / 6)
  })

  it('is not looked at for each chunk', () => {
    const heap = new Heap(MIB)
    for (let i = 0; i < 10_000; i++) heap.chunk(1000)
    expect(heap.looks).toBeLessThan(20)
  })

  it('gets no garbage for a fast upload where the heap collects by itself in time', () => {
    const [slow, fast] = [new Heap(8 * MIB, 32 * MIB), new Heap(8 * MIB, 32 * MIB)]
    for (let i = 0; i < 1000; i++) {
      slow.time += 1
      slow.chunk(MIB / 2)
      fast.time += 1
      fast.chunk(2 * MIB)
    }
    expect(slow.mostChunks).toBeLessThan(limitOf(8 * MIB))
    expect(slow.garbage).toBeGreaterThan(0)
    expect(fast.garbage).toBe(0)
  })

  it('gets garbage for a fast upload whose full collections come earlier than that, as long as they do', () => {
    const heap = new Heap(8 * MIB, 32 * MIB)
    heap.limit = 14 * MIB
    for (let sent = 0; sent < 4096 * MIB; sent += MIB) heap.chunk(MIB, KIB)
    // In place of 292.
    expect(heap.fullCollections).toBeLessThan(60)
    heap.limit = Infinity
    const before = heap.fullCollections
    for (let sent = 0; sent < 2048 * MIB; sent += MIB) heap.chunk(MIB, KIB)
    heap.garbage = 0
    for (let sent = 0; sent < 1024 * MIB; sent += MIB) heap.chunk(MIB, KIB)
    expect(heap.fullCollections).toBe(before)
    expect(heap.garbage).toBe(0)
  })

  it('gets hardly any garbage where the application keeps its chunks, until it drops them again', () => {
    const heap = new Heap(8 * MIB)
    heap.limit = 2 * MIB
    heap.pace = 1
    for (let sent = 0; sent < 1024 * MIB; sent += 64 * KIB) heap.chunk(64 * KIB, KIB)
    expect(heap.garbage).toBeLessThan(128 * MIB)
    heap.limit = 7 * MIB
    const before = heap.fullCollections
    for (let sent = 0; sent < 4096 * MIB; sent += 64 * KIB) heap.chunk(64 * KIB, KIB)
    // Without garbage, 585.
    expect(heap.fullCollections - before).toBeLessThan(150)
  })

  it('gets the garbage that it missed in a burst', () => {
    const heap = new Heap(4 * MIB, 32 * MIB)
    heap.limit = limitOf(4 * MIB)
    for (let i = 0; i < 1000; i++) {
      heap.time += i % 8 === 0 ? 16 : 0
      heap.chunk(MIB)
    }
    expect(heap.fullCollections).toBeLessThan(10)
  })

  it('gets no garbage where the heap cannot be seen', () => {
    const heap = new Heap(0)
    for (let i = 0; i < 1000; i++) heap.chunk(64 * KIB)
    expect(heap.garbage).toBe(0)
  })
})
