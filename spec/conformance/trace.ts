/**
 * The trace of the rules, docs/conformance.md, made from the case files: one row a case, with the word of the RFC that
 * decides it, and the sentences that these words are from.
 */
import { readCaseFiles } from './case-file.js'
import { accepted, ownAnswers, readOthers, refusedCases } from './others.js'
import { SENTENCES } from './words.js'

/** A heading: the section, the word of the sentence in it that decides the case, and the case. */
const RULE = /^(RFC \d+ §[\d.]+) (MUST|SHOULD|SHOULD, not kept|ought|MAY|-): (.+)$/

const INTRODUCTION = `# Conformance

Made from the cases in [spec/conformance](../spec/conformance/README.md) by \`npm run conformance\`; a spec checks that
it is current. Each row is a case, run whole, byte by byte, and in two pieces at every place. Its word is that of the
sentence that decides the case for a server, and [the last table](#the-words) says what the sentence is:

- MUST, SHOULD, MAY: as in RFC 2119; *ought* is advice.
- SHOULD, not kept: the server deviates, for the reason that the case gives.
- no word (-): no sentence binds the server. The section describes, gives a grammar, or binds the client.

## What others let pass

The cases that are refused here and answered as good requests elsewhere. A cell has the statuses that a reader sent, or
*close* if it closed the connection without one. Measured by
[leniency.proxy.ts](../spec/proxies/leniency.proxy.ts) over sockets, with a half-close after each case:
node:http of Node {node} (llhttp {llhttp}), strict and with \`insecureHTTPParser\`, and nginx {nginx} in front of a
lenient server, so that every refusal is nginx's own. It may pass on what it accepts in another form.

`

const SWITCHES = `### The switches of llhttp

The parser of node:http has a switch for each kind of leniency. All are off, unless \`insecureHTTPParser: true\`
turns all of them on (from Node 24 on also called \`httpValidation: 'insecure'\`). This server has no such switches.

| switch | what it lets pass | here |
|---|---|---|
| \`LENIENT_HEADERS\` | any bytes in a value, folds, whitespace before the first field or before a colon | 400 |
| \`LENIENT_HEADER_VALUE_RELAXED\` | controls in a value except NUL, CR, LF (\`httpValidation: 'relaxed'\`) | 400 |
| \`LENIENT_CHUNKED_LENGTH\` | Content-Length beside Transfer-Encoding | 400 |
| \`LENIENT_TRANSFER_ENCODING\` | a coding after chunked | 400 |
| \`LENIENT_KEEP_ALIVE\` | requests after \`Connection: close\`: they are served | dropped |
| \`LENIENT_DATA_AFTER_CLOSE\` | data after \`Connection: close\`: dropped, otherwise an error | dropped |
| \`LENIENT_VERSION\` | versions other than 0.9, 1.0, 1.1 and 2.0 | 1.2 to 1.9 are served as 1.1, others are 505 |
| \`LENIENT_OPTIONAL_LF_AFTER_CR\` | CR without LF | 400 |
| \`LENIENT_OPTIONAL_CR_BEFORE_LF\` | LF without CR | 400 |
| \`LENIENT_OPTIONAL_CRLF_AFTER_CHUNK\` | no CR LF after the data of a chunk | 400 |
| \`LENIENT_SPACES_AFTER_CHUNK_SIZE\` | whitespace after a chunk size | 400, unless an extension follows |
`

/** The text of docs/conformance.md. @throws where a heading has no word, or a word has no sentence */
export function conformanceTable(): string {
  const files = readCaseFiles(__dirname)
  const rules = files.map(({ topic, cases }) => ({ topic, rules: cases.map(({ title }) => ruleOf(title)) }))
  const tables = rules.map(({ topic, rules }) => `## ${topic}\n\n${table('| rule | word | what is tested |',
    rules.map(({ section, word, what }) => [section, word, what]))}`)
  return [introduction() + leniencies(), SWITCHES, ...tables, words(rules.flatMap(({ rules }) => rules))].join('\n')
}

interface Rule {
  readonly section: string
  readonly word: string
  /** Under what {@link SENTENCES} has the sentence. */
  readonly key: string
  readonly what: string
}

function ruleOf(title: string): Rule {
  const match = RULE.exec(title)
  if (match === null) throw new Error(`"${title}" needs a section and a word: spec/conformance/README.md`)
  const [, section, word, what] = match
  return { section, word, key: `${section} ${word.split(',')[0]}`, what }
}

/** One row for each case that is refused here, and not everywhere. @throws where a case was not measured */
function leniencies(): string {
  const { answers } = readOthers()
  const rows = refusedCases().flatMap(({ key, example }) => {
    if (!(key in answers)) throw new Error(`"${key}" is not in others.json: WRITE_OTHERS=1 npm run proxies leniency`)
    const own = ownAnswers(example)
    if (answers[key].every(theirs => accepted(theirs) <= accepted(own))) return []
    const { section, word } = ruleOf(example.title)
    return [[key, section, word, own, ...answers[key]]]
  })
  return table('| what is refused here | rule | word | here | node:http | insecureHTTPParser | nginx |', rows)
}

function introduction(): string {
  const others = readOthers()
  return INTRODUCTION.replace(/\{(node|llhttp|nginx)\}/g, (_, name: 'node' | 'llhttp' | 'nginx') => others[name])
}

/** The sentences, in the order of the sections. @throws where one is missing, or is no case's */
function words(rules: readonly Rule[]): string {
  const keys = new Set(rules.filter(({ word }) => word !== '-').map(({ key }) => key))
  const missing = [...keys].filter(key => !(key in SENTENCES))
  const unused = Object.keys(SENTENCES).filter(key => !keys.has(key))
  const faults = [...missing.map(key => `${key} has no sentence`), ...unused.map(key => `${key} is no case's`)]
  if (faults.length > 0) throw new Error(`words.ts: ${faults.join(', ')}`)
  return `## The words\n\nWhat the sentences say, in short.\n\n${table('| section | word | sentence |',
    Object.entries(SENTENCES).map(([key, sentence]) => [...key.split(/ (?=\S+$)/), sentence]))}`
}

function table(head: string, rows: readonly (readonly string[])[]): string {
  const lines = rows.map(cells => `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`)
  return [head, head.replaceAll(/[^|]+/g, '---'), ...lines, ''].join('\n')
}
