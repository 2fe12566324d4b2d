/**
 * The text form of captures: lines of JSON. The first identifies the file; each other line is an entry, or reports how
 * many were dropped. A recording may consist of several rotated files. A connection with missing entries cannot be
 * replayed, and a sentence says why.
 */
import { CAPTURE_VERSION, type Capture, type CaptureEntry } from './capture-entry.js'
import { CaptureError } from './test-errors.js'

/** The first line of a file. */
export interface CaptureHead {
  /** The start of the recording as an ISO date, which its files share; '' for a single file. */
  readonly started: string
  /** The number of the file in its recording, from 1. */
  readonly part: number
  readonly redacted: readonly string[]
}

/** A file of a recording. */
export interface CapturePart extends CaptureHead {
  readonly file: string
  readonly entries: readonly CaptureEntry[]
  /** A sentence for each unreadable line. */
  readonly problems: readonly string[]
}

/** One connection of a recording. */
export interface RecordedConnection {
  readonly id: number
  readonly capture: Capture
  /** A sentence that says what is missing; null if the connection is complete. */
  readonly gap: string | null
}

/** The readable part of a recording. */
export interface Recorded {
  readonly connections: readonly RecordedConnection[]
  readonly problems: readonly string[]
}

const KINDS = new Set(['open', 'in', 'out', 'waits', 'end', 'pause', 'resume', 'upgrade', 'timeout', 'close'])

/** Returns the first line. */
export function captureHead({ started, part, redacted }: CaptureHead): string {
  return `${JSON.stringify({ format: 'httprx-capture', version: CAPTURE_VERSION, started, part, redacted })}\n`
}

/** Returns the capture as text. */
export function captureText({ entries, redacted = [] }: Capture): string {
  const lines = entries.map(entry => `${JSON.stringify(entry)}\n`)
  return captureHead({ started: '', part: 1, redacted }) + lines.join('')
}

/** Parses the text of a file. @throws {@link CaptureError} not a capture of this version */
export function parseCapture(file: string, text: string): CapturePart {
  const lines = text.split('\n')
  const head = headOf(file, lines[0], text)
  const entries: CaptureEntry[] = []
  const problems: string[] = []
  for (const [index, line] of lines.entries()) {
    if (index === 0 || line === '') continue
    const parsed = parsedLine(line)
    if (isEntry(parsed)) entries.push(parsed)
    else if (parsed === null) problems.push(unreadable(file, index, index === lines.length - 1))
  }
  return { ...head, file, entries, problems }
}

/** Joins the files of one recording, given oldest first. */
export function recordedIn(parts: readonly CapturePart[]): Recorded {
  const entries = parts.flatMap(part => part.entries)
  const ids = [...new Set(entries.map(({ connection = 1 }) => connection))].sort((one, other) => one - other)
  const { redacted, part: first } = parts[0]
  const connections = ids.map(id => {
    const own = entries.filter(({ connection = 1 }) => connection === id)
    const capture: Capture = { format: 'httprx-capture', version: CAPTURE_VERSION, redacted, entries: own }
    return { id, capture, gap: gapOf(id, own, first) }
  })
  return { connections, problems: parts.flatMap(part => part.problems) }
}

function headOf(file: string, line: string, text: string): CaptureHead {
  const parsed = parsedLine(line) ?? parsedLine(text)
  if (parsed?.['format'] !== 'httprx-capture') {
    throw new CaptureError(`${file} is no capture of httprx: its first line is not {"format":"httprx-capture",…}`)
  }
  const { version, started = '', part = 1, redacted = [] } = parsed as Partial<CaptureHead> & { version: unknown }
  if (version === CAPTURE_VERSION) return { started, part, redacted }
  throw new CaptureError(`${file} is a capture of version ${String(version)}, and this httprx reads version `
    + `${CAPTURE_VERSION}: replay it with the httprx that recorded it`)
}

/** Returns the line parsed as a JSON object; null if it is not one. */
function parsedLine(line: string): Record<string, unknown> | null {
  try {
    const parsed: unknown = JSON.parse(line)
    return typeof parsed === 'object' && parsed !== null ? parsed as Record<string, unknown> : null
  } catch {
    return null
  }
}

/** Whether the object is an entry. Others report dropped entries, or are of a later minor version. */
function isEntry(parsed: Record<string, unknown> | null): parsed is Record<string, unknown> & CaptureEntry {
  return parsed !== null && typeof parsed['at'] === 'number' && KINDS.has(parsed['type'] as string)
}

function unreadable(file: string, index: number, isLast: boolean): string {
  if (!isLast) return `Line ${index + 1} of ${file} can't be read; it is left out`
  return `${file} ends within line ${index + 1}: its writer ended there. The lines before it are read`
}

/** Returns a sentence on the first gap in the entries' indices; null if there is none. */
function gapOf(id: number, entries: readonly CaptureEntry[], firstPart: number): string | null {
  for (const [index, { n = index, at }] of entries.entries()) {
    if (n === index) continue
    if (index > 0) return `${n - index} entries of connection ${id} were dropped before ${at} ms: the disk was too slow`
    return firstPart > 1
      ? `the start of connection ${id} was rotated away: the oldest file is part ${firstPart} of its recording. Larger `
        + 'files, or more of them, keep more: maxFileBytes, maxFiles'
      : `connection ${id} was there before the recording began, so its start is missing`
  }
  return null
}
