/**
 * The invariant: for any sequence of calls, also from within flush callbacks, Faraday behaves like a plain list of
 * bytes; and bytes that it handed out stay unchanged until they are shifted, or for good if the queue is drained. Two
 * queues alternate, because they share the pool of blocks.
 */
import { describe, expect, it } from '@jest/globals'
import * as fc from 'fast-check'
import { BLOCK_SIZE } from '../../lib/buffer/block-pool.js'
import { Faraday, type FlushCallback, IOVec } from '../../lib/buffer/index.js'
import { LocalProtocolError } from '../../lib/errors.js'

type Queue = Pick<Faraday,
  'writeLatin1' | 'writeString' | 'writeBytes' | 'scheduleBytes' | 'flush' | 'shift' | 'close' | 'closeAndDrain'
  | 'pendingBytes' | 'hasPending' | 'isClosed'>

/** The model: bytes in a list, and for each flush how many bytes it still waits for. */
class NaiveQueue implements Queue {
  bytes = Buffer.alloc(0)
  isClosed = false
  private isDrained = false
  private readonly flushes: { waits: number; callback: FlushCallback }[] = []

  get pendingBytes(): number { return this.bytes.length }
  get hasPending(): boolean { return this.bytes.length > 0 }

  writeLatin1(text: string): void { this.add(Buffer.from(text, 'latin1')) }
  writeString(text: string): void { this.add(Buffer.from(text)) }
  writeBytes(bytes: Uint8Array, off = 0, len = bytes.length - off): void { this.add(bytes.subarray(off, off + len)) }
  scheduleBytes(bytes: Uint8Array, off?: number, len?: number): void { this.writeBytes(bytes, off, len) }

  flush(callback: FlushCallback): void {
    this.flushes.push({ waits: this.isDrained ? Infinity : this.bytes.length, callback })
    this.callFlushes()
  }

  shift(count: number): void {
    if (count > this.bytes.length) throw new LocalProtocolError('badRange', '')
    this.bytes = this.bytes.subarray(count)
    for (const flush of this.flushes) flush.waits -= count
    this.callFlushes()
  }

  close(): void { this.isClosed = true }

  closeAndDrain(): number {
    const dropped = this.bytes.length
    this.bytes = Buffer.alloc(0)
    this.isClosed = this.isDrained = true
    this.callFlushes()
    return dropped
  }

  private add(bytes: Uint8Array): void {
    if (this.isClosed) throw new LocalProtocolError('bodyClosed', '')
    this.bytes = Buffer.concat([this.bytes, bytes])
  }

  private callFlushes(): void {
    while (this.flushes.length > 0 && (this.isDrained || this.flushes[0].waits <= 0)) {
      const { waits, callback } = this.flushes.shift()!
      callback(waits <= 0 ? 'written' : 'closed')
    }
  }
}

/** A queue with its transport, which keeps the iovecs that were handed out until they are shifted. */
class WatchedFaraday extends Faraday {
  private held: IOVec[] = []
  private final: Uint8Array | null = null

  override iovecs(): IOVec[] {
    const iovecs = super.iovecs()
    if (this.final === null) this.held = iovecs
    return iovecs
  }

  override shift(count: number): void {
    if (count <= this.pendingBytes) this.held = IOVec.shiftv(this.held, Math.min(count, IOVec.lengthv(this.held)))
    super.shift(count)
  }

  override closeAndDrain(): number {
    this.final ??= this.heldBytes
    return super.closeAndDrain()
  }

  get heldBytes(): Buffer { return Buffer.concat(this.held.map(IOVec.view)) }
  /** The bytes that were held when the queue was drained; null before. */
  get finalBytes(): Uint8Array | null { return this.final }
}

type Command =
  | { type: 'latin1' | 'string'; text: string }
  | { type: 'bytes' | 'schedule'; length: number; off: number; len: number }
  | { type: 'flush'; reaction: readonly Command[] }
  | { type: 'shift'; share: number }
  | { type: 'shiftTooMuch' | 'iovecs' | 'close' | 'drain' }

/** Runs a command, and logs its result. The reaction of a flush runs in its callback. */
function run(queue: Queue, command: Command, log: unknown[]): void {
  try {
    log.push([command.type, perform(queue, command, log), queue.pendingBytes, queue.hasPending, queue.isClosed])
  } catch (error) {
    log.push([command.type, error instanceof LocalProtocolError ? error.code : error])
  }
}

function perform(queue: Queue, command: Command, log: unknown[]): unknown {
  switch (command.type) {
    case 'latin1': queue.writeLatin1(command.text); return
    case 'string': queue.writeString(command.text); return
    case 'bytes': writeAndSpoil(queue, command); return
    case 'schedule': queue.scheduleBytes(pattern(command.length), command.off, command.len); return
    case 'flush': queue.flush(result => {
      log.push(['called back', result])
      for (const inner of command.reaction) run(queue, inner, log)
    }); return
    case 'shift': queue.shift(Math.round(queue.pendingBytes * command.share)); return
    case 'shiftTooMuch': queue.shift(queue.pendingBytes + 1); return
    case 'iovecs': if (queue instanceof Faraday) queue.iovecs(); return
    case 'close': queue.close(); return
    case 'drain': return queue.closeAndDrain()
  }
}

function writeAndSpoil(queue: Queue, { length, off, len }: { length: number; off: number; len: number }): void {
  const bytes = pattern(length)
  queue.writeBytes(bytes, off, len)
  bytes.fill(0xee)
}

function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => index % 251)
}

const sizes = fc.oneof(
  { weight: 6, arbitrary: fc.nat(20) },
  { weight: 2, arbitrary: fc.integer({ min: 100, max: 6_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: BLOCK_SIZE - 2, max: BLOCK_SIZE + 2 }) },
  { weight: 1, arbitrary: fc.integer({ min: 8 * BLOCK_SIZE - 2, max: 8 * BLOCK_SIZE + 2 }) },
  { weight: 1, arbitrary: fc.integer({ min: 8 * BLOCK_SIZE, max: 25 * BLOCK_SIZE }) },
)
const repeated = (unit: fc.Arbitrary<string>) =>
  fc.tuple(unit, sizes).map(([text, size]) => text.repeat(Math.ceil(size / text.length)))
const latin1Text = repeated(fc.constantFrom('a', 'bcd', '\u00e9', 'x\u00ff\0'))
const anyText = repeated(fc.constantFrom('a', 'hello ', '\u00e9', '\u20ac', 'a\u{1f600}', '\ud800', '\udc00-'))
const range = fc.tuple(sizes, fc.nat(9), fc.nat(9)).map(([length, before, after]) => {
  const off = Math.min(before, length)
  return { length, off, len: Math.max(0, length - off - after) }
})

const writes: fc.WeightedArbitrary<Command>[] = [
  { weight: 5, arbitrary: latin1Text.map(text => ({ type: 'latin1', text })) },
  { weight: 3, arbitrary: anyText.map(text => ({ type: 'string', text })) },
  { weight: 3, arbitrary: range.map(chosen => ({ type: 'bytes', ...chosen })) },
  { weight: 3, arbitrary: range.map(chosen => ({ type: 'schedule', ...chosen })) },
]
const others: fc.WeightedArbitrary<Command>[] = [
  { weight: 5, arbitrary: fc.double({ min: 0, max: 1, noNaN: true }).map(share => ({ type: 'shift', share })) },
  { weight: 2, arbitrary: fc.constant({ type: 'shift', share: 1 }) },
  { weight: 1, arbitrary: fc.constant({ type: 'shiftTooMuch' }) },
  { weight: 6, arbitrary: fc.constant({ type: 'iovecs' }) },
]
const ends: fc.WeightedArbitrary<Command>[] = [
  { weight: 1, arbitrary: fc.constant({ type: 'close' }) },
  { weight: 1, arbitrary: fc.constant({ type: 'drain' }) },
]

/** A command; a flush reacts with further commands, nested up to `depth` levels. */
function commands(depth: number): fc.Arbitrary<Command> {
  const reactions = depth === 0 ? fc.constant([]) : fc.array(commands(depth - 1), { maxLength: 3 })
  const flush = reactions.map((reaction): Command => ({ type: 'flush', reaction }))
  return fc.oneof(...writes, ...others, ...ends, { weight: 5, arbitrary: flush })
}

/** A queue and its model, each with a log of the results of calls and callbacks. */
class Pair {
  private readonly queue = new WatchedFaraday()
  private readonly model = new NaiveQueue()
  private readonly log: unknown[] = []
  private readonly modelLog: unknown[] = []

  run(command: Command): void {
    run(this.queue, command, this.log)
    run(this.model, command, this.modelLog)
  }

  /** Checks that the bytes handed out are the next ones, or those that were held when the queue was drained. */
  compareHeld(): void {
    const held = this.queue.heldBytes
    const expected = this.queue.finalBytes ?? this.model.bytes.subarray(0, held.length)
    expect(held.equals(expected)).toBe(true)
  }

  compareAll(): void {
    // A long text is handed out in parts; what flush callbacks write meanwhile follows it.
    while (this.queue.hasPending) {
      const output = Buffer.concat(this.queue.iovecs().map(IOVec.view))
      expect(output.length).toBeGreaterThan(0)
      expect(output.equals(this.model.bytes.subarray(0, output.length))).toBe(true)
      this.queue.shift(output.length)
      this.model.shift(output.length)
    }
    expect(this.model.hasPending).toBe(false)
    expect(this.log).toEqual(this.modelLog)
  }
}

describe('Faraday against a list of bytes', () => {
  const scenario = fc.array(fc.tuple(fc.nat(1), commands(2)), { maxLength: 40, size: 'max' })

  it('gives the same results, and does not change bytes that it handed out', () => {
    fc.assert(fc.property(scenario, steps => {
      const pairs = [0, 1].map(() => new Pair())
      for (const [which, command] of steps) {
        pairs[which].run(command)
        for (const pair of pairs) pair.compareHeld()
      }
      for (const pair of pairs) pair.compareAll()
    }), { numRuns: 300 })
  })

  it('never hands out an empty iovec, nor two contiguous ones of the same buffer', () => {
    fc.assert(fc.property(fc.array(commands(0), { maxLength: 30 }), steps => {
      const queue = new Faraday()
      for (const command of steps) run(queue, command, [])
      const iovecs = queue.iovecs()
      for (const [index, { buffer, off, len }] of iovecs.entries()) {
        expect(len).toBeGreaterThan(0)
        const next = iovecs[index + 1] as IOVec | undefined
        expect(next?.buffer === buffer && next.off === off + len).toBe(false)
      }
    }))
  })
})
