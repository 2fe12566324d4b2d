/**
 * `replay`: feeds recorded connections to the current handler.
 *
 * Strategy: the input arrives in the same pieces at the same times. The expectation is that the output is the same or,
 * for the capture of a failure, that each request is answered.
 */
import type { ConnectionOptions } from '../reactive/connection-options.js'
import type { Handler } from '../reactive/streamed-reqd.js'
import type { Capture } from './capture-entry.js'
import { readCapture, readRecording } from './capture-file.js'
import { differenceOf, stallsOf, type Normalise } from './replay-judgement.js'
import { replayReally } from './replay-real.js'
import { drawReplay, outcomes } from './replay-report.js'
import { replayLater, replayNow, type Replayed, type ReplayRun } from './replay-run.js'
import { CaptureError, ReplayError } from './test-errors.js'

/** The default of {@link ReplayAsyncOptions.patienceMs}. */
const PATIENCE_MS = 2_000

/** The options of {@link replay}: those of `serve`, and what to replay and to expect. */
export interface ReplayOptions extends ConnectionOptions {
  /** The number of the connection in a file. Default: all. */
  readonly connection?: number
  /**
   * What is expected: `'same'` (default), the recorded output; `'answers'`, a complete response to each request, for
   * the capture of a connection that stalled.
   */
  readonly expects?: 'same' | 'answers'
  /** Removes differences that do not matter from the output, such as generated ids and times. */
  readonly normalise?: (output: string) => string
}

/** The options of {@link replayAsync}. */
export interface ReplayAsyncOptions extends ReplayOptions {
  /**
   * `'virtual'` (default): the input arrives at the recorded times. `'real'`, for handlers that wait for files and
   * other servers: each piece of input arrives as soon as the output is as long as it was in the recording.
   */
  readonly time?: 'virtual' | 'real'
  /** Whether the application's timers are virtual in virtual time. Default: `'virtual'`. */
  readonly timers?: 'virtual' | 'real'
  /** How long to wait for a handler without output in real time, in milliseconds. Default: 2,000. */
  readonly patienceMs?: number
}

/**
 * Feeds the input of a capture, or of the file that holds it, to a handler in virtual time, in the same pieces at the
 * same times, and compares the output. Options are those of `serve`.
 *
 * @throws {@link ReplayError} the output differs; the message has the first difference and both diagrams
 * @throws {@link CaptureError} the file cannot be read, or a connection in it is incomplete
 * @throws {@link AsyncCodeError} the handler waits for promises: use {@link replayAsync}
 */
export function replay(recorded: string | Capture, handler: Handler, options: ReplayOptions = {}): void {
  const { connection, expects, normalise, ...server } = options
  const run = replayNow(capturesOf(recorded, connection), handler, server)
  for (const replayed of run.replayed) check(replayed, run, { expects, normalise })
}

/**
 * As {@link replay}, but with promises: `async` handlers, async generators, web streams, and the application's timers.
 * Rejects where {@link replay} throws.
 */
export async function replayAsync(
  recorded: string | Capture, handler: Handler, options: ReplayAsyncOptions = {},
): Promise<void> {
  const { connection, expects, normalise, time, timers = 'virtual', patienceMs = PATIENCE_MS, ...server } = options
  const captures = capturesOf(recorded, connection)
  if (time !== 'real') {
    const run = await replayLater(captures, handler, { server, timers })
    for (const replayed of run.replayed) check(replayed, run, { expects, normalise })
    return
  }
  for (const capture of captures) {
    const replayed = await replayReally(capture, handler, { server, patienceMs })
    check(replayed, { replayed: [], pending: [] }, { expects, normalise })
  }
}

function capturesOf(recorded: string | Capture, connection: number | undefined): Capture[] {
  if (typeof recorded !== 'string') return [recorded]
  if (connection !== undefined) return [readCapture(recorded, connection)]
  const { connections } = readRecording(recorded)
  const gap = connections.find(found => found.gap !== null)?.gap
  if (typeof gap === 'string') throw new CaptureError(`${recorded}: ${gap}`)
  if (connections.length === 0) throw new CaptureError(`${recorded} has no connection`)
  return connections.map(({ capture }) => capture)
}

interface Expectation {
  readonly expects: ReplayOptions['expects']
  readonly normalise: Normalise | undefined
}

function check({ recording, now }: Replayed, { pending }: ReplayRun, { expects, normalise }: Expectation): void {
  const explained = (message: string): string => {
    return [message, '', drawReplay(recording, now), '', ...outcomes(recording, now), ...pending].join('\n')
  }
  if (expects === 'answers') {
    const stalls = stallsOf(recording, now)
    if (stalls.length > 0) throw new ReplayError(explained(stalls.join('\n')), 0)
    return
  }
  const difference = differenceOf(recording, now, normalise ?? same)
  if (difference !== null) throw new ReplayError(explained(difference.message), difference.offset)
}

function same(text: string): string {
  return text
}
