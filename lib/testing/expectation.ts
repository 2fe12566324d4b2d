/**
 * Compares the notifications that a test expects with the actual ones. A failure message shows both diagrams, the frame
 * and the values.
 */
import type { ObservableNotification } from 'rxjs'
import { draw, type Mark } from './diagram.js'
import { difference } from './equality.js'
import { show, showDifference } from './show.js'

/** A notification at a frame. */
export interface Message {
  readonly frame: number
  readonly notification: ObservableNotification<unknown>
}

/** An expected notification with its symbol in the diagram. */
export interface ExpectedMessage extends Message {
  /** The letter, `|` or `#`. */
  readonly symbol: string
  /** Whether any error matches. */
  readonly isAnyError: boolean
}

/** The frames of a subscription; Infinity if it had no end. */
export interface SubscriptionFrames {
  readonly subscribedFrame: number
  readonly unsubscribedFrame: number
}

/** Describes how the messages differ from the expected ones; null if they do not. */
export function compareMessages(
  label: string, actual: readonly Message[], expected: readonly ExpectedMessage[],
): string | null {
  const at = firstMismatch(actual, expected)
  if (at < 0) return null
  const letters = new Letters(expected)
  const symbols = actual.map((message, index) => letters.of(message, expected[index]))
  const marks = actual.map(({ frame }, index) => ({ frame, symbol: symbols[index] }))
  const frame = Math.min(actual.at(at)?.frame ?? Infinity, expected.at(at)?.frame ?? Infinity)
  const came = at < actual.length ? { ...actual[at], symbol: symbols[at] } : undefined
  const reason = reasonOf(came, expected.at(at))
  return [title(label, frame), '', ...diagrams(expected, marks, { frame, reason }), ...letters.legend()].join('\n')
}

/** Describes how the subscriptions differ from the expected ones; null if they do not. */
export function compareSubscriptions(
  label: string, actual: readonly SubscriptionFrames[], expected: readonly SubscriptionFrames[],
): string | null {
  const blocks: string[] = []
  let first = Infinity
  for (let i = 0; i < Math.max(actual.length, expected.length); i++) {
    const [came, wanted] = [marksOf(actual[i]), marksOf(expected[i])]
    const missed = firstUnequal(came, wanted)
    const frame = missed < 0 ? null : Math.min(came[missed]?.frame ?? Infinity, wanted[missed]?.frame ?? Infinity)
    first = Math.min(first, frame ?? Infinity)
    const reason = frame === null ? '' : eventReason(came[missed], wanted[missed])
    blocks.push(...diagrams(wanted, came, frame === null ? null : { frame, reason }))
  }
  return first === Infinity ? null : [title(label, first), '', ...blocks].join('\n')
}

/** Describes a notification during a time in which none was expected. */
export function describeUnexpected(
  label: string, { from, forMs }: { readonly from: number; readonly forMs: number }, message: Message,
): string {
  const { frame, notification } = message
  const what = notification.kind === 'C' ? 'it completed' : `${show(payload(message))} came`
  return `${label}: expected nothing for ${forMs} ms from frame ${from} on, and ${what} at frame ${frame}`
}

function title(label: string, frame: number): string {
  return `${label}: not as expected at frame ${frame}`
}

interface Pointer {
  readonly frame: number
  readonly reason: string
}

function diagrams(expected: readonly Mark[], actual: readonly Mark[], pointer: Pointer | null): string[] {
  const { lines, columns } = draw([expected, actual])
  const rows = [`  expected  ${lines[0]}`, `  actual    ${lines[1]}`]
  if (pointer === null) return rows
  const indent = ' '.repeat(12 + (columns.get(pointer.frame) ?? 0))
  return [...rows, `${indent}^ frame ${pointer.frame}: ${pointer.reason}`]
}

function marksOf(log: SubscriptionFrames | undefined): Mark[] {
  if (log === undefined || log.subscribedFrame === Infinity) return []
  const start = { frame: log.subscribedFrame, symbol: '^' }
  return log.unsubscribedFrame === Infinity ? [start] : [start, { frame: log.unsubscribedFrame, symbol: '!' }]
}

function firstUnequal(came: readonly Mark[], wanted: readonly Mark[]): number {
  const length = Math.max(came.length, wanted.length)
  for (let i = 0; i < length; i++) if (came[i]?.frame !== wanted[i]?.frame) return i
  return -1
}

const EVENTS: Partial<Record<string, string>> = {
  '^': 'a subscription', '!': 'an unsubscription', '|': 'the completion', '#': 'an error',
}

function eventReason(came: Mark | undefined, wanted: Mark | undefined): string {
  if (wanted === undefined) return `${nameOf(came)} came, and nothing more was expected`
  if (came === undefined) return `expected ${nameOf(wanted)}, which never came`
  const [name, frames] = [nameOf(wanted), `at frame ${wanted.frame}, it came at ${came.frame}`]
  if (came.symbol === wanted.symbol) return `expected ${name} ${frames}`
  return came.frame > wanted.frame ? `expected ${name}, nothing came` : `${nameOf(came)} came, unexpected`
}

function nameOf(mark: Mark | undefined): string {
  return EVENTS[mark?.symbol ?? ''] ?? mark?.symbol ?? 'nothing'
}

function reasonOf(came: (Message & Mark) | undefined, wanted: ExpectedMessage | undefined): string {
  if (came === undefined || wanted?.frame !== came.frame) return eventReason(came, wanted)
  if (came.notification.kind !== wanted.notification.kind) return `expected ${nameOf(wanted)}, ${nameOf(came)} came`
  const found = difference(payload(came), payload(wanted))
  return found === null ? '' : `${wanted.symbol} differs: ${showDifference(found)}`
}

/** Returns the index of the first message that differs, or -1. */
function firstMismatch(actual: readonly Message[], expected: readonly ExpectedMessage[]): number {
  const at = expected.findIndex((wanted, index) => index >= actual.length || !isAsExpected(actual[index], wanted))
  return at < 0 && actual.length > expected.length ? expected.length : at
}

function isAsExpected(came: Message, wanted: ExpectedMessage): boolean {
  return came.frame === wanted.frame && matches(came, wanted)
}

function matches(came: Message, wanted: ExpectedMessage): boolean {
  if (came.notification.kind !== wanted.notification.kind) return false
  return wanted.isAnyError || difference(payload(came), payload(wanted)) === null
}

function payload({ notification }: Message): unknown {
  if (notification.kind === 'N') return notification.value
  return notification.kind === 'E' ? notification.error : undefined
}

/** Assigns to each actual value the letter of the expected value that it equals, or a free letter. */
class Letters {
  private readonly expected: readonly ExpectedMessage[]
  private readonly free: string[]
  private readonly strangers: { symbol: string; message: Message }[]

  constructor(expected: readonly ExpectedMessage[]) {
    const taken = new Set(expected.map(message => message.symbol))
    this.expected = expected
    this.free = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz').filter(letter => !taken.has(letter))
    this.strangers = []
  }

  of(message: Message, wanted: ExpectedMessage | undefined): string {
    if (message.notification.kind === 'C') return '|'
    if (message.notification.kind === 'E') return '#'
    const isKnown = wanted !== undefined && matches(message, wanted)
    const known = isKnown ? wanted : this.expected.find(other => matches(message, other))
    if (known !== undefined) return known.symbol
    const stranger = this.strangers.find(({ message: other }) => difference(payload(message), payload(other)) === null)
    return stranger?.symbol ?? this.name(message)
  }

  /** Returns the values of the letters, except values that are the letter itself. */
  legend(): string[] {
    const wanted = new Map(this.expected.filter(shows).map(message => [message.symbol, show(payload(message))]))
    const rows = [...wanted].map(([symbol, text]) => `  ${symbol} = ${text}`)
    const came = this.strangers.map(({ symbol, message }) => `  ${symbol} = ${show(payload(message))} (came)`)
    return rows.length + came.length === 0 ? [] : ['', ...rows, ...came]
  }

  private name(message: Message): string {
    const symbol = this.free.shift() ?? '?'
    this.strangers.push({ symbol, message })
    return symbol
  }
}

function shows(message: ExpectedMessage): boolean {
  return message.notification.kind === 'N' && payload(message) !== message.symbol
}
