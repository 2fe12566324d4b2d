/**
 * `replay`: a recorded connection again, with the handler of today.
 *
 * Strategy: the input comes in the same pieces at the same times. What is compared is the output as one stream of
 * bytes, because how it was cut into writes is not the handler's doing; Date fields are compared as fields, not dates.
 */
import { timer, type Subscription } from 'rxjs'
import { decodeLatin1 } from '../buffer/latin1.js'
import { NODE_PLATFORM } from '../node/platform.js'
import { HttpConnection } from '../reactive/connection.js'
import type { ConnectionOptions } from '../reactive/options.js'
import type { Handler } from '../reactive/reqd.js'
import { runtimeScheduler } from '../reactive/runtime-scheduler.js'
import { serverContext } from '../reactive/server-context.js'
import { joined } from './bytes.js'
import { readCapture } from './capture-file.js'
import { capturedBytes, type Capture, type CaptureEntry } from './capture.js'
import { marbles } from './marbles.js'
import { around, firstDifference } from './show.js'
import type { Script } from './test-client.js'
import { TestTransport, type Peer } from './test-transport.js'

/** What may come behind the end of a capture, in milliseconds of virtual time. */
const AFTERWARDS = 600_000

/** How long {@link replayAsync} waits for the next byte, in milliseconds, unless told otherwise. */
const PATIENCE_MS = 2_000

/** The output is not what was recorded. */
export class ReplayError extends Error {
  override readonly name = 'ReplayError'
  /** How many bytes of the output were the same. */
  readonly offset: number

  constructor(message: string, offset: number) {
    super(message)
    this.offset = offset
  }
}

/** The options of {@link replayAsync}: those of `serve`, and how long to wait. */
export interface ReplayAsyncOptions extends ConnectionOptions {
  /** For how many milliseconds without output a handler is waited for: 2,000. */
  readonly patienceMs?: number
}

/**
 * Feeds the input of a capture, or of the file that holds it, to a handler in virtual time, in the same pieces at the
 * same times, and compares the output. Options are those of `serve`.
 *
 * @throws {@link ReplayError} with the first difference
 * @throws {@link AsyncCodeError} where the handler waits for promises: {@link replayAsync} is for those
 */
export function replay(recorded: string | Capture, handler: Handler, options: ConnectionOptions = {}): void {
  const { entries } = captureOf(recorded)
  const output: Uint8Array[] = []
  marbles(({ serve }) => {
    const client = serve(handler, options).play(scriptOf(entries))
    client.chunks$.subscribe({ next: bytes => { output.push(bytes) }, error: () => undefined })
  }, { unanswered: true, until: (entries.at(-1)?.at ?? 0) + AFTERWARDS })
  compare(entries, output)
}

/**
 * As {@link replay} in real time, for handlers that wait for promises, files, other servers. It does not wait for time
 * to pass as it did: each piece of the input comes as soon as the output is as long as it was then.
 */
export async function replayAsync(
  recorded: string | Capture, handler: Handler, options: ReplayAsyncOptions = {},
): Promise<void> {
  const { entries } = captureOf(recorded)
  const { patienceMs = PATIENCE_MS, ...others } = options
  const output = await new Promise<Uint8Array[]>(resolve => {
    new Feeder(entries, patienceMs, resolve).start(handler, others)
  })
  compare(entries, output)
}

function captureOf(recorded: string | Capture): Capture {
  return typeof recorded === 'string' ? readCapture(recorded) : recorded
}

function scriptOf(entries: readonly CaptureEntry[]): Script {
  const sends = entries.flatMap<Script['sends'][number]>(entry => {
    const frame = entry.at
    if (entry.type === 'in') return [{ frame, notification: { kind: 'N', value: capturedBytes(entry) } }]
    if (entry.type === 'end') return [{ frame, notification: { kind: 'C' } }]
    // Whoever closed it: output of that millisecond came before.
    if (entry.type === 'close') return [{ frame: frame + 1, notification: { kind: 'E', error: null } }]
    return []
  })
  return { opens: 0, sends, reads: [], line: {} }
}

/** Feeds a connection in real time, by how much output there is. */
class Feeder implements Peer {
  private readonly entries: readonly CaptureEntry[]
  private readonly patienceMs: number
  private readonly resolve: (output: Uint8Array[]) => void
  private readonly transport: TestTransport
  private readonly output: Uint8Array[]
  private next: number
  /** How many bytes of output are still to come before the next piece of input. */
  private owed: number
  private impatience: Subscription | null
  private isFeeding: boolean

  constructor(entries: readonly CaptureEntry[], patienceMs: number, resolve: (output: Uint8Array[]) => void) {
    this.entries = entries
    this.patienceMs = patienceMs
    this.resolve = resolve
    this.transport = new TestTransport(this, runtimeScheduler, 'replay')
    this.output = []
    this.next = 0
    this.owed = 0
    this.impatience = null
    this.isFeeding = false
  }

  start(handler: Handler, options: ConnectionOptions): void {
    const context = serverContext(handler, options, NODE_PLATFORM, () => undefined)
    new HttpConnection(1, this.transport, context).start()
    this.wait()
    this.feed()
  }

  received(bytes: Uint8Array): void {
    this.output.push(bytes)
    this.owed -= bytes.length
    this.wait()
    this.feed()
  }

  ended(): void {
    this.transport.arrive('end')
  }

  closed(): void {
    this.impatience?.unsubscribe()
    this.resolve(this.output)
  }

  paused(): void {
    // What comes meanwhile waits in the transport.
  }

  /** Feeds what comes before more output; a client that has nothing more to say ends its side. */
  private feed(): void {
    if (this.isFeeding) return
    this.isFeeding = true
    while (this.owed <= 0 && this.next < this.entries.length) this.step(this.entries[this.next++])
    if (this.owed <= 0) this.transport.arrive('end')
    this.isFeeding = false
  }

  private step(entry: CaptureEntry): void {
    if (entry.type === 'in') this.transport.arrive(capturedBytes(entry))
    else if (entry.type === 'out') this.owed += capturedBytes(entry).length
    else this.transport.arrive('end')
  }

  private wait(): void {
    this.impatience?.unsubscribe()
    this.impatience = timer(this.patienceMs, runtimeScheduler).subscribe(() => { this.transport.arrive('reset') })
  }
}

function compare(entries: readonly CaptureEntry[], output: readonly Uint8Array[]): void {
  const expected = undated(entries.flatMap(entry => entry.type === 'out' ? [capturedBytes(entry)] : []))
  const actual = undated(output)
  if (expected === actual) return
  const at = firstDifference(expected, actual)
  const response = expected.slice(0, at + 1).split(/HTTP\/1\.[01] \d{3} /).length - 1
  throw new ReplayError(`The output is not what was recorded, from byte ${at} on, in response ${response}:\n`
    + `  recorded  ${around(expected, at)}\n  now       ${around(actual, at)}`, at)
}

/** The bytes as text, with every Date the same. */
function undated(pieces: readonly Uint8Array[]): string {
  const bytes = joined(pieces)
  return decodeLatin1(bytes, 0, bytes.length).replace(/^(date: ).{29}\r$/gim, '$1(the date of the response)    \r')
}
