/**
 * The output queue and the controlled subject over a sink.
 */
import { ControlledSubject, type ControlledSink } from 'httprx'
import { Subject } from 'rxjs'
import { internal } from './lib/internals.js'
import { micro } from './lib/micro.js'

interface Queue {
  writeLatin1(text: string): void
  writeBytes(bytes: Uint8Array): void
  scheduleBytes(bytes: Uint8Array): void
  iovecs(): readonly { readonly len: number }[]
  shift(count: number): void
}

const { Faraday } = await internal<{ readonly Faraday: new () => Queue }>('buffer/faraday')

const queue = new Faraday()
const text = 'x'.repeat(140)
const bytes = new Uint8Array(140)
const large = new Uint8Array(64 * 1024)

/** Shifts everything that was written. */
function drain(): void {
  let count = 0
  for (const { len } of queue.iovecs()) count += len
  queue.shift(count)
}

/** Takes everything at once. */
const sink: ControlledSink<Uint8Array> = {
  pending: 0,
  write: () => undefined,
  complete: () => undefined,
  error: () => undefined,
  whenDrained: (_, callback) => { callback() },
}
const quiet = new ControlledSubject(sink)
const driven = new ControlledSubject(sink)
driven.ready$.subscribe()
const plain = new Subject<Uint8Array>()
plain.subscribe()

await micro('output queue and body subject', {
  'queue: a string of 140 characters, in and out': () => {
    queue.writeLatin1(text)
    drain()
  },
  'queue: 140 bytes copied, in and out': () => {
    queue.writeBytes(bytes)
    drain()
  },
  'queue: 64 KiB not copied, in and out': () => {
    queue.scheduleBytes(large)
    drain()
  },
  'subject: write, nobody asks for ready$': () => quiet.write(bytes),
  'subject: write, ready$ observed': () => driven.write(bytes),
  'for comparison: next of an RxJS Subject': () => { plain.next(bytes) },
})
