/**
 * Replays a capture in real time, for handlers that wait for files and other servers.
 *
 * Strategy: the recorded times are ignored. Each piece of input is sent as soon as the output is as long as it was in
 * the recording at that point.
 */
import { timer, type Subscription } from 'rxjs'
import { libraryScheduler } from '../application/library-scheduler.js'
import { Reentry } from '../buffer/reentry.js'
import { NODE_PLATFORM } from '../node/platform.js'
import type { ConnectionOptions } from '../reactive/connection-options.js'
import { HttpConnection } from '../reactive/http-connection.js'
import { serverContext } from '../reactive/server-context.js'
import type { Handler } from '../reactive/streamed-reqd.js'
import { capturedBytes, type Capture, type CaptureEntry } from './capture-entry.js'
import { recordingOf, type Recording, type Side } from './replay-side.js'
import { TestTransport, type Peer } from './test-transport.js'

/** The options of a replay in real time. */
export interface RealOptions {
  readonly server: ConnectionOptions
  /** How long to wait without output, in milliseconds. */
  readonly patienceMs: number
}

/** Replays one connection. */
export async function replayReally(
  capture: Capture, handler: Handler, { server, patienceMs }: RealOptions,
): Promise<{ readonly recording: Recording; readonly now: Side }> {
  const recording = recordingOf(capture, capture.entries.at(0)?.at ?? 0)
  const now = await new Promise<Side>(resolve => {
    new Feeder(recording.entries, patienceMs, resolve).start(handler, server)
  })
  return { recording, now }
}

/** Sends the recorded input to a connection, paced by its output. */
class Feeder implements Peer {
  private readonly entries: readonly CaptureEntry[]
  private readonly patienceMs: number
  private readonly resolve: (side: Side) => void
  private readonly transport: TestTransport
  private readonly output: Side['output'][number][]
  private readonly pauses: Side['pauses'][number][]
  private readonly began: number
  private next: number
  /** Bytes of output that must follow before the next piece of input. */
  private owed: number
  private impatience: Subscription | null
  private readonly feeding: Reentry

  constructor(entries: readonly CaptureEntry[], patienceMs: number, resolve: (side: Side) => void) {
    this.entries = entries
    this.patienceMs = patienceMs
    this.resolve = resolve
    this.transport = new TestTransport(this, libraryScheduler, 'replay')
    this.output = []
    this.pauses = []
    this.began = libraryScheduler.now()
    this.next = 0
    this.owed = 0
    this.impatience = null
    this.feeding = new Reentry()
  }

  start(handler: Handler, options: ConnectionOptions): void {
    const context = serverContext(handler, options, NODE_PLATFORM, () => undefined)
    new HttpConnection(1, this.transport, context).start()
    this.wait()
    this.feed()
  }

  received(bytes: Uint8Array): void {
    this.output.push({ at: this.now, bytes })
    this.owed -= bytes.length
    this.wait()
    this.feed()
  }

  ended(): void {
    this.transport.arrive('end')
  }

  closed(breaker: 'client' | 'server' | null): void {
    const { output, pauses } = this
    this.impatience?.unsubscribe()
    this.resolve({ output, pauses, limitAt: null, endedAt: this.now, isEnded: breaker === null })
  }

  /** Records the pause. Input that is sent meanwhile is queued in the transport. */
  paused(isPause: boolean): void {
    this.pauses.push({ at: this.now, isPause })
  }

  private get now(): number {
    return libraryScheduler.now() - this.began
  }

  /** Sends the input that precedes further output; after the last, the client half-closes. */
  private feed(): void {
    if (!this.feeding.enter()) return
    while (this.owed <= 0 && this.next < this.entries.length) this.step(this.entries[this.next++])
    if (this.owed <= 0) this.transport.arrive('end')
    this.feeding.leave()
  }

  private step(entry: CaptureEntry): void {
    if (entry.type === 'in') this.transport.arrive(capturedBytes(entry))
    else if (entry.type === 'out') this.owed += capturedBytes(entry).length
    else if (entry.type === 'end' || entry.type === 'close') this.transport.arrive('end')
  }

  private wait(): void {
    this.impatience?.unsubscribe()
    this.impatience = timer(this.patienceMs, libraryScheduler).subscribe(() => { this.transport.arrive('reset') })
  }
}
