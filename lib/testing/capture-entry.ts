/**
 * The entries of a capture: the byte traffic of connections and the server's reactions, as JSON values. ASCII is stored
 * as text, so that a person can read a file and write one by hand.
 */
import { decodeLatin1, writeLatin1 } from '../buffer/latin1.js'

/** The version of the format. */
export const CAPTURE_VERSION = 2

/** Bytes in a capture: text at one byte a character if they are ASCII, else base64. */
export type CapturedBytes = { readonly text: string } | { readonly base64: string }

/** The fields of every entry. */
interface Occurrence {
  /** The number of the connection in its server; omitted in a capture of a single connection. */
  readonly connection?: number
  /** The index of the entry in its connection, from 0. A gap means that entries were dropped. */
  readonly n?: number
  /** The time in milliseconds since the start of the capture. */
  readonly at: number
}

/**
 * One entry of a capture: `in`, bytes that the server read; `out`, bytes that the socket took from the server; `waits`,
 * a write that the socket did not take at once; `end`, the client's half-close; `pause` and `resume` of reading;
 * `close`, with the side that cut the connection.
 */
export type CaptureEntry = Occurrence & (
  | { readonly type: 'open'; readonly remoteAddress: string; readonly isEncrypted: boolean }
  | ({ readonly type: 'in' | 'out' } & CapturedBytes)
  | { readonly type: 'waits'; readonly count: number }
  | { readonly type: 'end' | 'pause' | 'resume' | 'upgrade' }
  | { readonly type: 'timeout'; readonly limit: string }
  | { readonly type: 'close'; readonly brokenBy?: 'client' | 'server' | null; readonly unwritten?: number }
)

/** The capture of one connection. */
export interface Capture {
  readonly format: 'httprx-capture'
  readonly version: typeof CAPTURE_VERSION
  /** The names of the fields whose values were masked. */
  readonly redacted?: readonly string[]
  readonly entries: readonly CaptureEntry[]
}

/** Returns the bytes in the form of a capture. */
export function capturedForm(bytes: Uint8Array): CapturedBytes {
  const text = decodeLatin1(bytes, 0, bytes.length)
  return /^[\t\r\n\x20-\x7e]*$/.test(text) ? { text } : { base64: btoa(text) }
}

/** Returns the bytes of an entry. */
export function capturedBytes(entry: CapturedBytes): Uint8Array {
  const text = 'text' in entry ? entry.text : atob(entry.base64)
  const bytes = new Uint8Array(text.length)
  writeLatin1(bytes, text, 0)
  return bytes
}
