/**
 * What happened on a connection, then or now: what a replay compares.
 */
import { capturedBytes, type Capture, type CaptureEntry } from './capture-entry.js'
import { exchangesOf, readInput, type Exchange, type Input, type Piece } from './exchanges.js'

/** One run of a connection, in milliseconds since its start. */
export interface Side {
  readonly output: readonly Piece[]
  readonly pauses: readonly { readonly at: number; readonly isPause: boolean }[]
  /** When a time limit of the server was reached within a request; null where none was. */
  readonly limitAt: number | null
  /** When the connection was over, or the server ended its side; null where it never was. */
  readonly endedAt: number | null
  /** Whether nobody broke it off. */
  readonly isEnded: boolean
}

/** A capture, made ready to be replayed. */
export interface Recording {
  readonly capture: Capture
  /** The entries, from 0 on. */
  readonly entries: readonly CaptureEntry[]
  readonly input: Input
  /** Whether the client stopped within a body because the server did not read it: the rest is made up. */
  readonly isStuck: boolean
  readonly then: Side
  /** When the client left; null where it did not. */
  readonly leftAt: number | null
  /** When the capture ends. */
  readonly lastAt: number
  /** Whether another protocol followed. */
  readonly hasUpgrade: boolean
  /** Whether it ends before the connection does. */
  readonly isCut: boolean
}

/** The limits of connections that owe nothing. */
export const IDLE_LIMITS: ReadonlySet<string> = new Set(['keepAliveTimeout', 'lingerTimeout'])

/** Returns the capture as it is replayed: `origin` is its first millisecond. */
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

/** Returns the requests and what came of them. */
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

/** Whether the server had stopped reading, or never asked for the body, when the connection came to its end. */
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
