/**
 * Compares a replay with its recording.
 *
 * Strategy: the output is compared as one byte stream, because the split into writes is not the handler's, and without
 * times, which differ on every run. Values of Date and of masked fields are ignored. If the client left within a
 * response, how much of it had arrived is a matter of milliseconds, so output shortly before that does not count.
 */
import { decodeLatin1 } from '../buffer/latin1.js'
import { joined } from './bytes.js'
import type { Exchange, Piece } from './exchanges.js'
import { exchangesIn, type Recording, type Side } from './replay-side.js'
import { around, firstDifference } from './show.js'

/** Removes differences that do not matter from the output. */
export type Normalise = (text: string) => string

/** The first place at which the outputs differ. */
export interface Difference {
  readonly offset: number
  readonly message: string
}

/** Returns the time before the client's departure in which output may differ, because real timers are late. */
function slackBefore(leftAt: number): number {
  return Math.min(100, leftAt / 4) + leftAt / 100
}

/** A client that left within a response after this time without output left because the response stalled. */
const SILENCE_MS = 1_000

/** Returns the first difference, or null. */
export function differenceOf(recording: Recording, now: Side, normalise: Normalise): Difference | null {
  const text = (pieces: readonly Piece[]): string => normalise(comparable(pieces, recording.capture.redacted ?? []))
  const [expected, actual] = [text(recording.then.output), text(now.output)]
  if (expected === actual) return null
  const end = endWithinResponse(recording)
  if (end !== null) {
    const limit = end - slackBefore(end)
    const [then, today] = [recording.then, now].map(({ output }) => text(output.filter(({ at }) => at < limit)))
    if (expected.startsWith(today) && actual.startsWith(then)) return null
  }
  const at = firstDifference(expected, actual)
  const response = expected.slice(0, at + 1).split(/HTTP\/1\.[01] \d{3} /).length - 1
  const message = `The output is not what was recorded, from byte ${at} on, in response ${response}:\n`
    + `  recorded  ${around(expected, at)}\n  now       ${around(actual, at)}`
  return { offset: at, message }
}

/** Returns the time at which the client left within a response or the capture ends; null if neither. */
function endWithinResponse(recording: Recording): number | null {
  const { hasUpgrade, isCut, lastAt, leftAt } = recording
  const isWithin = exchangesIn(recording, recording.then).at(-1)?.answeredAt === null
  return isWithin || hasUpgrade ? leftAt ?? (isCut ? lastAt : null) : null
}

/** Returns a sentence for each request that was received and never answered. */
export function stallsOf(recording: Recording, now: Side): string[] {
  const left = recording.leftAt === null ? '' : `, when the client left at ${recording.leftAt} ms`
  return exchangesIn(recording, now).flatMap((exchange, index) => {
    if (isSettled(exchange)) return []
    const { name, at, answeredAt, hasBegun } = exchange
    if (answeredAt !== null) return [`${name}, which came at ${at} ms, is answered by a time limit at ${answeredAt} ms`]
    if (!hasBegun) return [`${name}, which came at ${at} ms, is not answered${left}`]
    return isSilent(recording, index) ? [`The response to ${name} is not complete${left}`] : []
  })
}

/** Whether no response is owed: it was answered (not by a time limit), is endless, or the request is incomplete. */
export function isSettled({ isComplete, isEndless, isLate, answeredAt }: Exchange): boolean {
  return !isComplete || isEndless || (answeredAt !== null && !isLate)
}

/** Whether, in the recording, the client waited long for more of the response. */
function isSilent(recording: Recording, index: number): boolean {
  const then = exchangesIn(recording, recording.then).at(index)
  if (typeof then?.answeredAt === 'number') return true
  const last = recording.then.output.at(-1)?.at ?? 0
  return (recording.leftAt ?? recording.lastAt) - last >= SILENCE_MS
}

/** Returns the bytes as text, with the values of Date and masked fields replaced. */
function comparable(pieces: readonly Piece[], redacted: readonly string[]): string {
  const bytes = joined(pieces.map(piece => piece.bytes))
  const text = decodeLatin1(bytes, 0, bytes.length)
    .replace(/^(date: ).{29}\r$/gim, '$1(the date of the response)    \r')
  if (redacted.length === 0) return text
  const names = redacted.map(name => name.replace(/[^\w-]/g, '\\$&')).join('|')
  return text.replace(new RegExp(`^(${names}):.*$`, 'gim'), '$1: (masked)')
}
