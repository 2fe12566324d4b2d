/**
 * Converts a recording to the script of a client in virtual time.
 *
 * Strategy: the client sends the same pieces at the same times. It reads as the socket did: everything, but while a
 * recorded write waited, nothing beyond what the socket had taken by then. If the server had stopped reading within a
 * body, the client sends made-up bytes for the rest, which the server receives when it resumes. A client that left
 * while it waited leaves at the same time; one that had all its responses waits for them; one that did not leave is
 * disconnected some time after the connection was over.
 */
import { capturedBytes, type CaptureEntry } from './capture-entry.js'
import { exchangesIn, type Recording } from './replay-side.js'
import type { Script } from './client-script.js'

/** How long after its recorded end a connection may still act, in milliseconds: time limits fire at ticks. */
export const LENIENCE = 5_000

/** Returns the script of the recorded client. */
export function recordedScript(recording: Recording): Script {
  const { entries } = recording
  const open = entries.find(entry => entry.type === 'open')
  const line = open?.type === 'open' ? { remoteAddress: open.remoteAddress, isEncrypted: open.isEncrypted } : {}
  const takesLater = open?.type === 'open' && open.isEncrypted
  return {
    opens: entries.at(0)?.at ?? 0,
    line: takesLater ? { ...line, takes: 'later' } : line,
    sends: sendsOf(recording),
    reads: readsOf(entries),
  }
}

/** Returns the departures of a client that had all its responses, which also waits for them in the replay. */
export function laterDepartures(recording: Recording): Script['sends'] {
  return hasAll(recording) ? departuresOf(recording.entries) : []
}

function sendsOf(recording: Recording): Script['sends'] {
  const { entries, input, isStuck } = recording
  const last = entries.findLastIndex(({ type }) => type === 'in')
  const sent = entries.flatMap<Script['sends'][number]>((entry, index) => {
    if (entry.type !== 'in') return []
    const rest = isStuck && index === last ? [input.rest] : []
    return [capturedBytes(entry), ...rest].map(value => ({ frame: entry.at, notification: { kind: 'N', value } }))
  })
  return hasAll(recording) ? sent : [...sent, ...departuresOf(entries)]
}

function departuresOf(entries: readonly CaptureEntry[]): Script['sends'] {
  return entries.flatMap<Script['sends'][number]>(entry => {
    if (entry.type === 'end') return [{ frame: entry.at, notification: { kind: 'C' } }]
    return entry.type === 'close' ? [{ frame: closesAt(entry), notification: { kind: 'E', error: null } }] : []
  })
}

/** Whether the client had all its responses when it left. */
function hasAll(recording: Recording): boolean {
  const exchanges = exchangesIn(recording, recording.then)
  return !recording.hasUpgrade && exchanges.length > 0 && exchanges.every(({ answeredAt }) => answeredAt !== null)
}

/** Returns the frame of a close. A reset comes one later, after the output of its millisecond. */
function closesAt(entry: CaptureEntry & { type: 'close' }): number {
  return entry.at + (entry.brokenBy === 'client' ? 1 : LENIENCE)
}

/** Grants the bytes that were taken before a write had to wait; when that was taken, those before the next wait. */
function readsOf(entries: readonly CaptureEntry[]): Script['reads'] {
  const reads: { frame: number; amount: number | boolean }[] = []
  let [frame, taken, isWaiting] = [0, 0, false]
  for (const entry of entries) {
    if (entry.type === 'waits') {
      reads.push({ frame, amount: taken })
      isWaiting = true
      taken = 0
    } else if (entry.type === 'out') {
      if (isWaiting) frame = entry.at
      isWaiting = false
      taken += capturedBytes(entry).length
    }
  }
  if (reads.length > 0 && !isWaiting) reads.push({ frame, amount: true })
  return reads
}
