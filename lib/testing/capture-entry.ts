/**
 * What a capture is made of: the byte traffic of connections, and what the server did about it, as values that are kept
 * as JSON. Texts are kept as texts, so that a person can read a file and write one by hand.
 */
import { decodeLatin1, writeLatin1 } from '../buffer/latin1.js'

/** The version of the format. */
export const CAPTURE_VERSION = 2

/** Bytes in a capture: as text, a character a byte, where they are ASCII; else in base64. */
export type CapturedBytes = { readonly text: string } | { readonly base64: string }

/** What every entry has. */
interface Occurrence {
  /** The number of the connection in its server; where there is none, there is one connection. */
  readonly connection?: number
  /** Which entry of its connection it is, from 0: where one is missing, it was dropped. */
  readonly n?: number
  /** When, in milliseconds since the start of the capture. */
  readonly at: number
}

/**
 * One thing in a capture: `in`, what the client sent, as the server read it; `out`, what the socket had taken by then
 * of what the server wrote; `waits`, a write that the socket did not take at once; `end`, where the client ended its
 * side; `pause` and `resume`, where the server stopped reading and went on; `close`, and who broke the connection off.
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
  /** The names of fields whose values were replaced. */
  readonly redacted?: readonly string[]
  readonly entries: readonly CaptureEntry[]
}

/** Returns the bytes as they are kept. */
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
