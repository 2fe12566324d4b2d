/**
 * Reads and writes capture files.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { Capture } from './capture-entry.js'
import { captureText, parseCapture, recordedIn, type Recorded } from './capture-text.js'
import { CaptureError } from './test-errors.js'

/** Writes the capture; an existing file is overwritten. */
export function writeCapture(file: string, capture: Capture): void {
  writeFileSync(file, captureText(capture), { mode: 0o600 })
}

/**
 * Reads the capture of one connection: the one with this number, or the only one.
 *
 * @throws {@link CaptureError} not a capture; several connections and no number; or an incomplete connection
 */
export function readCapture(file: string, connection?: number): Capture {
  const { connections } = readRecording(file)
  if (connection === undefined && connections.length > 1) {
    throw new CaptureError(`${file} has ${connections.length} connections: say which, from ${connections[0].id} on`)
  }
  const found = connection === undefined ? connections.at(0) : connections.find(({ id }) => id === connection)
  if (found === undefined) throw new CaptureError(`${file} has no connection${numberOf(connection)}`)
  if (found.gap !== null) throw new CaptureError(`${file}: ${found.gap}`)
  return found.capture
}

/** Reads a file together with the other files of its rotated recording. @throws {@link CaptureError} */
export function readRecording(file: string): Recorded {
  if (!existsSync(file)) throw new CaptureError(`There is no file ${file}`)
  const own = parseCapture(file, readFileSync(file, 'utf8'))
  const others = own.started === '' ? [] : siblingsOf(file).flatMap(name => parseSibling(name) ?? [])
  const parts = others.filter(({ started }) => started === own.started)
  return recordedIn([own, ...parts].sort((one, other) => one.part - other.part))
}

/** Returns the existing files with the same base name and a rotation suffix. */
function siblingsOf(file: string): string[] {
  const base = file.replace(/\.\d+$/, '')
  const names = [base]
  while (existsSync(`${base}.${names.length}`)) names.push(`${base}.${names.length}`)
  return names.filter(name => name !== file && existsSync(name))
}

/** Returns the parsed file; null if it is not a capture. */
function parseSibling(file: string): ReturnType<typeof parseCapture> | null {
  try {
    return parseCapture(file, readFileSync(file, 'utf8'))
  } catch {
    return null
  }
}

function numberOf(connection: number | undefined): string {
  return connection === undefined ? '' : ` ${connection}`
}
