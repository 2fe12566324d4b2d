/**
 * The trace of the rules, docs/conformance.md, made from the case files: one row a rule, with its strongest word.
 */
import { readCaseFiles } from './case-file.js'

/**
 * The strongest word that a section has for a server in what is tested here; `MAY` where it leaves the choice, `-`
 * where it only describes. A section whose cases hold rules of several strengths has the strongest of them.
 */
const WORDS: Readonly<Record<string, string>> = {
  'RFC 3986 §3.2': '-', 'RFC 3986 §3.2.2': '-', 'RFC 3986 §3.2.3': '-', 'RFC 3986 §3.3': '-', 'RFC 3986 §3.4': '-',
  'RFC 3986 §3.5': '-', 'RFC 6585 §5': 'MAY', 'RFC 9110 §2.5': 'SHOULD', 'RFC 9110 §4.2': '-',
  'RFC 9110 §4.2.1': 'MUST', 'RFC 9110 §4.2.4': 'SHOULD', 'RFC 9110 §5.3': 'MUST', 'RFC 9110 §5.5': 'MUST',
  'RFC 9110 §5.6.1': 'MUST', 'RFC 9110 §5.6.2': '-', 'RFC 9110 §6.5.1': 'MUST', 'RFC 9110 §7.2': 'MUST',
  'RFC 9110 §7.4': 'MUST', 'RFC 9110 §7.6.1': 'MUST', 'RFC 9110 §7.8': 'MUST', 'RFC 9110 §8.6': 'MUST',
  'RFC 9110 §9.1': 'SHOULD', 'RFC 9110 §9.3.1': '-', 'RFC 9110 §9.3.2': 'MUST', 'RFC 9110 §9.3.6': 'MUST',
  'RFC 9110 §10.1.1': 'MUST', 'RFC 9110 §15': 'MUST', 'RFC 9110 §15.2': 'MUST', 'RFC 9110 §15.3.5': '-',
  'RFC 9110 §15.3.6': 'MUST', 'RFC 9110 §15.4.5': 'MUST', 'RFC 9110 §15.5.1': '-', 'RFC 9110 §15.5.15': '-',
  'RFC 9110 §15.6.1': '-', 'RFC 9110 §15.6.6': 'SHOULD', 'RFC 9112 §2.2': 'MUST', 'RFC 9112 §2.3': '-',
  'RFC 9112 §3': 'SHOULD', 'RFC 9112 §3.1': '-', 'RFC 9112 §3.2': 'MUST', 'RFC 9112 §3.2.1': 'MUST',
  'RFC 9112 §3.2.2': 'MUST', 'RFC 9112 §3.2.3': 'MUST', 'RFC 9112 §3.2.4': 'MUST', 'RFC 9112 §5': '-',
  'RFC 9112 §5.1': 'MUST', 'RFC 9112 §5.2': 'MUST', 'RFC 9112 §6.1': 'MUST', 'RFC 9112 §6.2': 'MUST',
  'RFC 9112 §6.3': 'MUST', 'RFC 9112 §7': 'MUST', 'RFC 9112 §7.1': 'MUST', 'RFC 9112 §7.1.1': 'MUST',
  'RFC 9112 §7.1.2': 'MAY', 'RFC 9112 §8': 'MUST', 'RFC 9112 §9.3': 'MUST', 'RFC 9112 §9.3.2': 'MUST',
  'RFC 9112 §9.6': 'MUST', 'RFC 9113 §3.4': '-',
}

const RULE = /^(RFC \d+ §[\d.]+): (.+)$/

const INTRODUCTION = `# Conformance

Made from the cases in [spec/conformance](../spec/conformance/README.md) by \`npm run conformance\`; a spec checks that
it is current. Each row is a case, run whole, byte by byte, and in two pieces at every place. The second column is the
strongest word that the section has for a server: MUST, SHOULD, MAY, or - where it gives a grammar or a description.

## What others let pass

The switches of llhttp, the parser of node:http, name what lenient servers take. In node:http they are off, unless
\`insecureHTTPParser\` is set. Here there is no switch.

| leniency | llhttp, by switch | here |
|---|---|---|
| controls in field values | \`LENIENT_HEADERS\` | 400 |
| Content-Length beside Transfer-Encoding | \`LENIENT_CHUNKED_LENGTH\` | 400 |
| data behind \`Connection: close\` | \`LENIENT_DATA_AFTER_CLOSE\` | dropped, and the connection closes |
| a last transfer coding that is not chunked | \`LENIENT_TRANSFER_ENCODING\` | 400 |
| any digits as the version | \`LENIENT_VERSION\` | 505, or 400 where they are no version |
| CR without LF | \`LENIENT_OPTIONAL_LF_AFTER_CR\` | 400 |
| LF without CR (nginx takes it, too) | \`LENIENT_OPTIONAL_CR_BEFORE_LF\` | 400 |
| no CR LF behind the data of a chunk | \`LENIENT_OPTIONAL_CRLF_AFTER_CHUNK\` | 400 |
| spaces behind a chunk size | \`LENIENT_SPACES_AFTER_CHUNK_SIZE\` | 400, unless an extension follows |
| a backslash in a path (nginx passes it on as it is) | always | 400 |
| an absolute-form of any scheme | always | 400, or 421 for that of another connection |
`

/** The text of docs/conformance.md. @throws where a rule has a section without a word */
export function conformanceTable(): string {
  return [INTRODUCTION, ...readCaseFiles(__dirname).map(({ topic, cases }) => {
    const rows = cases.map(({ title }) => rowOf(title)).join('\n')
    return `## ${topic}\n\n| rule | word | what is tested |\n|---|---|---|\n${rows}\n`
  })].join('\n')
}

function rowOf(title: string): string {
  const match = RULE.exec(title)
  if (match === null) return `| RFC 9112 §11.2 | - | ${cell(title)} |`
  const [, section, rule] = match
  if (!(section in WORDS)) throw new Error(`${section} has no word in trace.ts`)
  return `| ${section} | ${WORDS[section]} | ${cell(rule)} |`
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}
