/**
 * The reader of the case files, which are Markdown: spec/conformance/README.md describes their format.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** One rule: the input of a client, and the expected log. */
export interface Case {
  readonly title: string
  /** The words after `http` on the fence: `eof` is `{ eof: '' }`, `reply=unread` is `{ reply: 'unread' }`. */
  readonly options: Readonly<Record<string, string>>
  /** The bytes of the client, one latin-1 character each. */
  readonly input: string
  /** The lines of the expected log. */
  readonly log: string
}

/** The cases of one file, under its first heading. */
export interface CaseFile {
  readonly topic: string
  readonly cases: readonly Case[]
}

const HEADING = /^## (.+)$/
const CASE = /^```http(.*)\n([^]*?)^```\n+```log\n([^]*?)^```/m
const ESCAPE = /\\(?:\{((?:[^*\\]|\\.)*)\*(\d+)\}|x([0-9a-f]{2})|([rnt0\\])|\n)|\n/g
const NAMED: Readonly<Record<string, string>> = { 'r': '\r', 'n': '\n', 't': '\t', '0': '\0', '\\': '\\' }

/** All case files of the folder. */
export function readCaseFiles(folder: string): CaseFile[] {
  const names = readdirSync(folder).filter(name => name.endsWith('.md') && name !== 'README.md').sort()
  return names.map(name => readCaseFile(readFileSync(join(folder, name), 'utf8')))
}

/** The cases of a file. @throws where a heading has no case, or more than one */
export function readCaseFile(text: string): CaseFile {
  const [head = '', ...sections] = text.split(/^(?=## )/m)
  return { topic: /^# (.+)$/m.exec(head)![1], cases: sections.map(readCase) }
}

function readCase(section: string): Case {
  const title = HEADING.exec(section.split('\n')[0])![1]
  const match = CASE.exec(section)
  if (match === null || section.split('```').length !== 5) throw new Error(`"${title}" needs an http and a log block`)
  const [, words, input, log] = match
  return { title, options: readOptions(words), input: unescapeInput(input), log: log.trimEnd() }
}

function readOptions(words: string): Record<string, string> {
  return Object.fromEntries(words.trim().split(/\s+/).map(word => {
    const [name = '', value = ''] = word.split('=')
    return [name, value]
  }))
}

/** The bytes that a block stands for. */
export function unescapeInput(text: string): string {
  return text.replace(ESCAPE, (match, ...groups: (string | undefined)[]) => {
    const [repeated, count, hex, letter] = groups
    if (repeated !== undefined) return unescapeInput(repeated).repeat(Number(count))
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16))
    if (letter !== undefined) return NAMED[letter]
    return match === '\n' ? '\r\n' : ''
  })
}
