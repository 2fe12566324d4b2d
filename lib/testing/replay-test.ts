/**
 * Generates a test from a capture; it fails while the connection does not behave as expected.
 */
import type { Capture } from './capture-entry.js'
import { isSettled } from './replay-judgement.js'
import { outcomeOf } from './replay-report.js'
import { exchangesIn, recordingOf } from './replay-side.js'

/** The supported test runners, with the import of each. */
export const RUNNERS = {
  node: "import { test } from 'node:test'",
  vitest: "import { test } from 'vitest'",
  jest: "import { test } from '@jest/globals'",
} as const

export type Runner = keyof typeof RUNNERS

/** The parts of a generated test. */
export interface TestParts {
  readonly capture: Capture
  readonly id: number
  readonly runner: Runner
  /** The import specifier of the application's module. */
  readonly module: string
  /** The name of the handler's export. */
  readonly name: string
  /** The capture file, relative to the test. */
  readonly file: string
}

/** Returns the text of the test, and the number of requests that the recording left unanswered. */
export function testOf({ capture, id, runner, module, name, file }: TestParts): { text: string; unanswered: number } {
  const recording = recordingOf(capture, capture.entries.at(0)?.at ?? 0)
  const exchanges = exchangesIn(recording, recording.then)
  const open = exchanges.filter(exchange => !isSettled(exchange))
  const names = exchanges.map(exchange => ` *   ${exchange.name}: ${outcomeOf(exchange)}`)
  const [title, expects] = open.length > 0
    ? [`${open.map(exchange => exchange.name).join(', ')} of connection ${id}: is answered`, 'answers']
    : [`connection ${id}: the output is what it was`, 'same']
  const text = `/**
 * Connection ${id} of a recorded server, again, in virtual time. Then:
 *
${names.join('\n').replaceAll('*/', '* /')}
 */
import { fileURLToPath } from 'node:url'
${RUNNERS[runner]}
import { replayAsync } from 'httprx/testing'
import * as app from ${quoted(module)}

const recorded = fileURLToPath(new URL(${quoted(file)}, import.meta.url))

test(${quoted(title)}, async () => {
  await replayAsync(recorded, app${memberOf(name)}, { ...app.options, expects: '${expects}' })
})
`
  return { text, unanswered: open.length }
}

function quoted(text: string): string {
  return `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`
}

function memberOf(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? `.${name}` : `[${quoted(name)}]`
}
