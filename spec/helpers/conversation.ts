/**
 * A whole conversation with a connection that answers each request when its body was read: the input is text, split at
 * any places, and the result is everything that was observed.
 */
import { expect } from '@jest/globals'
import type { Reqd } from '../../lib/connection/reqd.js'
import { ServerConnection } from '../../lib/connection/server-connection.js'
import { nameOf, responding, textOf } from './runtime.js'
import { latin1 } from './splits.js'

/** Answers each request when its body was read: with its target, and the body that was read. */
function logging(events: string[]): (reqd: Reqd) => void {
  return reqd => {
    events.push(`${reqd.request.method} ${reqd.request.target} ${reqd.request.headers.get('host')}`)
    // Kept until the end: the handler owns them.
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

/** The observations of one connection. */
export interface Conversation {
  /** The requests that its handler received, with their bodies. */
  readonly events: readonly string[]
  readonly output: string
  /** The code of the error that ended it, or 'none'. */
  readonly error: string
  readonly offset: number | null
}

/**
 * Returns the observations of a connection that receives the text, split at these places, and then the end. Lent bytes
 * are overwritten after the call.
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

/** Returns the conversation, the same in every cut: whole, byte by byte, and in two at every place. */
export function conversationInEveryCut(text: string): Conversation {
  const whole = conversation(text, [])
  const places = Array.from(text, (_, index) => index + 1)
  for (const cuts of [places, ...places.map(place => [place])]) expect(conversation(text, cuts)).toEqual(whole)
  return whole
}
