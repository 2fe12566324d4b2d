/**
 * Captures as files: JSON, an entry a line. The only place of the kit that knows a file system.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import type { Capture } from './capture.js'

/** Writes the capture, over what is there. */
export function writeCapture(file: string, capture: Capture): void {
  const { format, version, entries } = capture
  const lines = entries.map(entry => `    ${JSON.stringify(entry)}`).join(',\n')
  const head = `  "format": ${JSON.stringify(format)},\n  "version": ${version},\n`
  writeFileSync(file, `{\n${head}  "entries": [\n${lines}\n  ]\n}\n`)
}

/** Reads a capture. @throws TypeError where the file holds something else */
export function readCapture(file: string): Capture {
  const capture = JSON.parse(readFileSync(file, 'utf8')) as Partial<Capture> | null
  if (capture?.format !== 'httprx-capture' || capture.version !== 1 || !Array.isArray(capture.entries)) {
    throw new TypeError(`${file} is not a capture of httprx, version 1`)
  }
  return capture as Capture
}
