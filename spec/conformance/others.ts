/**
 * What node:http and nginx make of the cases that are refused here: others.json, which spec/proxies/leniency.proxy.ts
 * measures. docs/conformance.md shows where they let pass what is refused here.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readCaseFiles, type Case } from './case-file.js'

/** The readers, in the order of their answers. */
export const READERS = ['node:http', 'node:http, insecureHTTPParser', 'nginx'] as const

/** The measured answers. */
export interface Others {
  readonly node: string
  readonly llhttp: string
  readonly nginx: string
  /** For each case, by {@link keyOf}, the statuses that each reader sent, or how it ended without one. */
  readonly answers: Readonly<Record<string, readonly string[]>>
}

/** A case that is refused, with its topic. */
export interface Refused {
  readonly key: string
  readonly example: Case
}

export const OTHERS_FILE = join(__dirname, 'others.json')

/** Conditions of a case that other servers do not have. */
const OURS = ['maxHeaderSize', 'maxHeadersCount', 'scheme']

/** The refused cases, except those with such conditions. */
export function refusedCases(): Refused[] {
  return readCaseFiles(__dirname).flatMap(({ topic, cases }) => cases
    .filter(({ log, options }) => /^error /m.test(log) && !OURS.some(name => name in options))
    .map(example => ({ key: keyOf(topic, example), example })))
}

/** The name of a case in the file: without its section and its word. */
export function keyOf(topic: string, { title }: Case): string {
  return `${topic}: ${title.replace(/^RFC [^:]+: /, '')}`
}

export function readOthers(): Others {
  return JSON.parse(readFileSync(OTHERS_FILE, 'utf8')) as Others
}

/** The number of requests that were answered with success. */
export function accepted(answers: string): number {
  return answers.split(', ').filter(answer => answer === '200').length
}

/** The statuses that a case is answered with here. */
export function ownAnswers({ log }: Case): string {
  return [...log.matchAll(/^answer (\d+)/gm)].map(([, status]) => status).join(', ')
}
