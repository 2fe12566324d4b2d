/**
 * Replays all clients of a capture in one run of virtual time, so that they interact as they did.
 */
import {
  asyncScheduler, catchError, delay, EMPTY, endWith, filter, forkJoin, ignoreElements, merge, take, takeLast, takeUntil,
  timer,
} from 'rxjs'
import type { ListenOptions } from '../node/listen-options.js'
import type { Handler } from '../reactive/streamed-reqd.js'
import type { Capture } from './capture-entry.js'
import { marblesAsync } from './marbles-async.js'
import { marbles } from './marbles.js'
import { laterDepartures, LENIENCE, recordedScript } from './replay-script.js'
import { IDLE_LIMITS, recordingOf, type Recording, type Side } from './replay-side.js'
import type { MarbleHelpers, MarbleOptions } from './stage.js'
import type { TestClient } from './test-client.js'

/** How long virtual time continues after the end of a capture, in milliseconds. */
const AFTERWARDS = 600_000

/** One connection: its recording and its replay. */
export interface Replayed {
  readonly recording: Recording
  readonly now: Side
}

/** The replay of a whole recording. */
export interface ReplayRun {
  readonly replayed: readonly Replayed[]
  /** A sentence for each real timer or I/O that the handlers still wait for. */
  readonly pending: readonly string[]
}

/** The options of a run. */
export interface RunOptions {
  readonly server: ListenOptions
  readonly timers: 'virtual' | 'real'
}

/** Replays within one synchronous call. */
export function replayNow(captures: readonly Capture[], handler: Handler, server: ListenOptions): ReplayRun {
  const recordings = recordingsOf(captures)
  let replayed: readonly Replayed[] = []
  marbles(({ serve }) => { replayed = play(recordings, serve, handler, server) }, optionsFor(recordings))
  return { replayed, pending: [] }
}

/** Replays with promises. */
export async function replayLater(
  captures: readonly Capture[], handler: Handler, { server, timers }: RunOptions,
): Promise<ReplayRun> {
  const recordings = recordingsOf(captures)
  let replayed: readonly Replayed[] = []
  let pending: readonly string[] = []
  await marblesAsync(({ serve }) => { replayed = play(recordings, serve, handler, server) }, {
    ...optionsFor(recordings), timers, ended: names => { pending = names },
  })
  return { replayed, pending }
}

function recordingsOf(captures: readonly Capture[]): Recording[] {
  const origin = Math.min(...captures.map(({ entries }) => entries.at(0)?.at ?? 0))
  return captures.map(capture => recordingOf(capture, origin))
}

function optionsFor(recordings: readonly Recording[]): MarbleOptions {
  return { unanswered: true, until: Math.max(0, ...recordings.map(({ lastAt }) => lastAt)) + AFTERWARDS }
}

function play(
  recordings: readonly Recording[], serve: MarbleHelpers['serve'], handler: Handler, options: ListenOptions,
): Replayed[] {
  const server = serve(handler, options)
  return recordings.map(recording => {
    const client = server.play(recordedScript(recording))
    leaveWhenAnswered(client, recording)
    const now = { output: [] as Side['output'][number][], pauses: [] as Side['pauses'][number][] }
    const side: { -readonly [K in keyof Side]: Side[K] } = { ...now, limitAt: null, endedAt: null, isEnded: false }
    const at = (): number => asyncScheduler.now()
    client.chunks$.subscribe({
      next: bytes => { now.output.push({ at: at(), bytes }) },
      error: () => { side.endedAt = at() },
      complete: () => {
        side.endedAt = at()
        side.isEnded = true
      },
    })
    client.timeouts$.subscribe(limit => { if (!IDLE_LIMITS.has(limit)) side.limitAt ??= at() })
    client.pauses$.subscribe(pause => { now.pauses.push({ at: at(), isPause: pause === 'pause' }) })
    return { recording, now: side }
  })
}

/** Delays departures of clients that had all their answers: a handler may be slower in virtual time. */
function leaveWhenAnswered(client: TestClient, recording: Recording): void {
  const { length } = recording.input.requests
  const answers$ = client.responses$.pipe(filter(({ status }) => status >= 200), take(length), takeLast(1))
  const over$ = client.closed$.pipe(ignoreElements())
  for (const { frame, notification } of laterDepartures(recording)) {
    const patience$ = merge(answers$.pipe(catchError(() => EMPTY)), timer(frame + LENIENCE)).pipe(take(1))
    // `delay(0)` makes the departure a separate event.
    forkJoin([timer(frame), patience$]).pipe(delay(0), takeUntil(over$.pipe(endWith(null)))).subscribe(() => {
      client.sends(notification)
    })
  }
}
