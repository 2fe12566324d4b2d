/**
 * The two sides that a replay compares: the recorded and the current behaviour of a connection.
 */
import { capturedBytes, type Capture, type CaptureEntry } from './capture-entry.js'
import { exchangesOf, readInput, type Exchange, type Input, type Piece } from './exchanges.js'

/** One run of a connection; times are in milliseconds since its start. */
export interface Side {
  readonly output: readonly Piece[]
  readonly pauses: readonly { readonly at: number; readonly isPause: boolean }[]
  /** The time at which a time limit was reached within a request; null if none was. */
  readonly limitAt: number | null
  /** The time at which the connection was over or the server half-closed; null if neither happened. */
  readonly endedAt: number | null
  /** Whether it ended regularly, not cut by either side. */
  readonly isEnded: boolean
}

/** A capture, prepared for a replay. */
export interface Recording {
  readonly capture: Capture
  /** The entries, with times relative to the origin of the replay. */
  readonly entries: readonly CaptureEntry[]
  readonly input: Input
  /** Whether the client stopped within a body because the server did not read it: the rest is made up. */
  readonly isStuck: boolean
  readonly then: Side
  /** The time at which the client left; null if it did not. */
  readonly leftAt: number | null
  /** The time of the last entry. */
  readonly lastAt: number
  /** Whether the connection was upgraded to another protocol. */
  readonly hasUpgrade: boolean
  /** Whether the capture ends before the connection does. */
  readonly isCut: boolean
}

/** The time limits of connections that owe no response. */
export const IDLE_LIMITS: ReadonlySet<string> = new Set(['keepAliveTimeout', 'lingerTimeout'])

/** Prepares a capture for a replay; `origin` is subtracted from all times. */
export function recordingOf(capture: Capture, origin: number): Recording {
  const entries = capture.entries.map(entry => ({ ...entry, at: Math.round(entry.at - origin) }))
  const sent = piecesOf(entries, 'in')
  const close = entries.find(({ type }) => type === 'close')
  const input = readInput(sent)
  return {
    capture,
    entries,
    input,
    isStuck: input.rest.length > 0 && isUnread(entries, input),
    then: {
      output: piecesOf(entries, 'out'),
      pauses: entries.flatMap(({ type, at }) => {
        return type === 'pause' || type === 'resume' ? [{ at, isPause: type === 'pause' }] : []
      }),
      limitAt: entries.find(entry => entry.type === 'timeout' && !IDLE_LIMITS.has(entry.limit))?.at ?? null,
      endedAt: close?.at ?? null,
      isEnded: close?.type === 'close' && (close.brokenBy ?? null) === null,
    },
    leftAt: entries.find(isDeparture)?.at ?? null,
    lastAt: entries.at(-1)?.at ?? 0,
    hasUpgrade: entries.some(({ type }) => type === 'upgrade'),
    isCut: close === undefined,
  }
}

/** Returns the requests with their responses. */
export function exchangesIn({ input, isStuck }: Recording, side: Side): Exchange[] {
  const requests = isStuck ? input.requests.map(asked => ({ ...asked, isComplete: true })) : input.requests
  return exchangesOf(requests, side)
}

function piecesOf(entries: readonly CaptureEntry[], type: 'in' | 'out'): Piece[] {
  return entries.flatMap(entry => entry.type === type ? [{ at: entry.at, bytes: capturedBytes(entry) }] : [])
}

function isDeparture(entry: CaptureEntry): boolean {
  return entry.type === 'end' || (entry.type === 'close' && entry.brokenBy === 'client')
}

/** Whether, at the connection's end, the server had paused reading or never asked for the body (100 Continue). */
function isUnread(entries: readonly CaptureEntry[], { requests }: Input): boolean {
  const asked = requests.at(-1)
  if (asked === undefined) return false
  let isPaused = false
  for (const { type, at } of entries) {
    if (type === 'pause' || type === 'resume') isPaused = type === 'pause'
    if (at >= asked.at && (type === 'timeout' || type === 'end' || type === 'close')) break
  }
  return isPaused || asked.expectsContinue && !entries.some(({ type, at }) => type === 'out' && at >= asked.at)
}
