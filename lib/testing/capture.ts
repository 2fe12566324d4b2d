/**
 * The byte traffic of a connection, recorded, as a value that can be kept as JSON.
 *
 * Strategy: it is a listener of the connection's events, so it works on every connection, in real and in virtual time.
 * Texts are kept as texts, so that a person can read the file and write one by hand.
 */
import { ReplaySubject, type Observable } from 'rxjs'
import { decodeLatin1 } from '../buffer/latin1.js'
import type { Connection } from '../reactive/connection.js'
import type { ConnectionEvent } from '../reactive/events.js'
import { gathered } from './bytes.js'
import { writeCapture } from './capture-file.js'

/** Bytes in a capture: as text, a character a byte, where they are ASCII; else in base64. */
export type CapturedBytes = { readonly text: string } | { readonly base64: string }

/** One thing in a capture, at a time in milliseconds since its start. */
export type CaptureEntry =
  | ({ readonly at: number; readonly type: 'in' | 'out' } & CapturedBytes)
  | { readonly at: number; readonly type: 'end' | 'close' }

/** The byte traffic of one connection: `in`, what the client sent; `end`, where it ended its side; `out`; `close`. */
export interface Capture {
  readonly format: 'httprx-capture'
  readonly version: 1
  readonly entries: readonly CaptureEntry[]
}

/**
 * Records the connection from now on, best where it was just accepted. Emits the capture, and completes, when the
 * connection is over; then it was written to `file`, where one is given.
 *
 * @example
 * server.connections$.subscribe(connection => capture(connection, 'traffic.json'))
 */
export function capture(connection: Connection, file?: string): Observable<Capture> {
  const captured = new ReplaySubject<Capture>(1)
  const entries: CaptureEntry[] = []
  let start: number | null = null
  connection.events$.subscribe({
    next: event => {
      start ??= event.time
      const entry = entryOf(event, event.time - start)
      if (entry !== null) entries.push(entry)
    },
    complete: () => {
      const result: Capture = { format: 'httprx-capture', version: 1, entries }
      if (file !== undefined) writeCapture(file, result)
      captured.next(result)
      captured.complete()
    },
  })
  return captured.asObservable()
}

function entryOf(event: ConnectionEvent, at: number): CaptureEntry | null {
  switch (event.type) {
    case 'bytesIn': return { at, type: 'in', ...encoded(event.bytes) }
    case 'bytesOut': return { at, type: 'out', ...encoded(gathered(event.iovecs)) }
    case 'inputEnd': return { at, type: 'end' }
    case 'close': return { at, type: 'close' }
    default: return null
  }
}

function encoded(bytes: Uint8Array): CapturedBytes {
  const text = decodeLatin1(bytes, 0, bytes.length)
  return /^[\t\r\n\x20-\x7e]*$/.test(text) ? { text } : { base64: btoa(text) }
}

/** Returns the bytes of an entry. */
export function capturedBytes(entry: CapturedBytes): Uint8Array {
  const text = 'text' in entry ? entry.text : atob(entry.base64)
  return Uint8Array.from(text, character => character.charCodeAt(0))
}
