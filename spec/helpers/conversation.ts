/**
 * A whole conversation with a connection that answers each request when its body was read: text in, cut at any places,
 * and everything that came of it.
 */
import { expect } from '@jest/globals'
import type { Reqd } from '../../lib/connection/reqd.js'
import { ServerConnection } from '../../lib/connection/server-connection.js'
import { nameOf, responding, textOf } from './runtime.js'
import { latin1 } from './splits.js'

/** Answers each request when its body was read: with its target, and how the body came out. */
function logging(events: string[]): (reqd: Reqd) => void {
  return reqd => {
    events.push(`${reqd.request.method} ${reqd.request.target} ${reqd.request.headers.get('host')}`)
    // Kept until the end: they are the handler's for good.
    const chunks: Uint8Array[] = []
    const textNow = (): string => Buffer.concat(chunks).toString('latin1')
    const { requestBody } = reqd
    const readOn = (): void => {
      requestBody.scheduleRead({
        onRead: bytes => {
          chunks.push(bytes)
          readOn()
        },
        onEof: () => {
          events.push(`body ${textNow()} ${requestBody.trailers?.toString()}`)
          reqd.respondWithString(responding(200), textNow())
        },
        onError: error => { events.push(`body ${textNow()}, then ${nameOf(error)}`) },
      })
    }
    readOn()
  }
}

/** What came of a connection. */
export interface Conversation {
  /** What its handler saw: requests, and how their bodies came out. */
  readonly events: readonly string[]
  readonly output: string
  /** The code of what ended it, or 'none'. */
  readonly error: string
  readonly offset: number | null
}

/**
 * Returns the output of a connection that gets the text, cut at these places, and then the end. Lent bytes are
 * overwritten after the call.
 */
export function conversation(
  text: string, places: readonly number[], how: 'read' | 'readLent' = 'readLent',
): Conversation {
  const events: string[] = []
  const connection = ServerConnection.create(logging(events))
  let output = ''
  let from = 0
  const flush = (): void => {
    const operation = connection.nextWriteOperation()
    if (operation.type !== 'write') return
    const written = textOf(operation.iovecs)
    output += written
    connection.reportWriteResult({ type: 'ok', count: written.length })
  }
  for (const end of [...places].sort((a, b) => a - b)) {
    if (end <= from || end > text.length) continue
    const bytes = latin1(text.slice(from, end))
    from += connection[how](bytes, 0, end - from)
    if (how === 'readLent') bytes.fill(0xee)
    flush()
  }
  from += connection.readEof(latin1(text.slice(from)), 0, text.length - from)
  flush()
  expect(connection.isClosed).toBe(true)
  expect(from).toBe(text.length)
  return { events, output, error: nameOf(connection.errorCode ?? 'none'), offset: offsetOf(connection.errorCode) }
}

function offsetOf(error: unknown): number | null {
  return (error as { offset?: number } | null)?.offset ?? null
}

/** The conversation that the text makes, the same in every cut: whole, byte by byte, and in two at every place. */
export function conversationInEveryCut(text: string): Conversation {
  const whole = conversation(text, [])
  const places = Array.from(text, (_, index) => index + 1)
  for (const cuts of [places, ...places.map(place => [place])]) expect(conversation(text, cuts)).toEqual(whole)
  return whole
}
