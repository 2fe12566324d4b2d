/**
 * Formats a replay for people: diagrams of the client, of the recorded and of the current output, with a legend.
 */
import { decodeLatin1 } from '../buffer/latin1.js'
import { joined } from './bytes.js'
import { draw, type Mark } from './diagram.js'
import type { Exchange, Piece } from './exchanges.js'
import { exchangesIn, type Recording, type Side } from './replay-side.js'
import { show } from './show.js'

/** The number of marks drawn in a row; the rest becomes one mark. */
const MAX_MARKS = 24

/** Returns the diagrams and the legend. */
export function drawReplay(recording: Recording, now: Side): string {
  const letters = new Letters()
  const { then } = recording
  const rows: [string, readonly Mark[]][] = [
    ['client', clientMarks(recording)],
    ['then', [...letters.marks(then.output), ...endMarks(then)]],
    ['now', [...letters.marks(now.output), ...endMarks(now)]],
  ]
  if (then.pauses.length + now.pauses.length > 0) {
    rows.push(['reads then', pauseMarks(then)], ['reads now', pauseMarks(now)])
  }
  const { lines } = draw(rows.map(([, marks]) => marks))
  const drawn = rows.map(([name], index) => `  ${name.padEnd(11)} ${lines[index]}`)
  return [...drawn, '', ...requestLegend(recording), ...letters.legend()].join('\n')
}

/** Returns a sentence on the outcome of each request. */
export function outcomes(recording: Recording, now: Side): string[] {
  const [before, today] = [exchangesIn(recording, recording.then), exchangesIn(recording, now)]
  return before.map((exchange, index) => {
    const [then, current] = [outcomeOf(exchange), outcomeOf(today[index])]
    return `${exchange.name}: ${then === current ? `${then}, then and now` : `then ${then}; now ${current}`}`
  })
}

/** Returns the outcome of a request in a few words. */
export function outcomeOf({ response, answeredAt, at, hasBegun, isEndless, isLate, isComplete }: Exchange): string {
  const late = isLate ? ', by a time limit' : ''
  if (response !== null && answeredAt !== null) return `${response.status} after ${answeredAt - at} ms${late}`
  if (isEndless) return 'a stream of events'
  if (hasBegun) return 'a response that is not complete'
  return isComplete ? 'no response' : 'no response to a request that is not complete'
}

function clientMarks({ input, entries }: Recording): Mark[] {
  const asked = input.requests.map(({ at }, index) => ({ frame: at, symbol: letterOf('a', index) }))
  const left = entries.flatMap<Mark>(entry => {
    if (entry.type === 'end') return [{ frame: entry.at, symbol: '|' }]
    return entry.type === 'close' && entry.brokenBy === 'client' ? [{ frame: entry.at, symbol: '#' }] : []
  })
  return [...asked, ...left]
}

function endMarks({ endedAt, isEnded }: Side): Mark[] {
  return endedAt === null ? [] : [{ frame: endedAt, symbol: isEnded ? '|' : '#' }]
}

function pauseMarks(side: Side): Mark[] {
  const pauses = side.pauses.slice(0, MAX_MARKS).map(({ at, isPause }) => ({ frame: at, symbol: isPause ? 'x' : 'o' }))
  return [...pauses, ...endMarks(side)]
}

function requestLegend({ input, isStuck }: Recording): string[] {
  const { requests, rest } = input
  return requests.map(({ name }, index) => {
    const stuck = isStuck && index === requests.length - 1
    const made = stuck ? `, and ${rest.length} bytes in the place of what the server did not read then` : ''
    return `  ${letterOf('a', index)} = ${name}${made}`
  })
}

/** Returns A, B … or a, b …; from the 27th on a question mark. */
function letterOf(first: 'a' | 'A', index: number): string {
  return index < 26 ? String.fromCharCode(first.charCodeAt(0) + index) : '?'
}

/** Assigns a letter to the output of each millisecond; equal output, recorded or current, gets the same letter. */
class Letters {
  private readonly letters: Map<string, string>
  private readonly more: string[]

  constructor() {
    this.letters = new Map()
    this.more = []
  }

  marks(output: readonly Piece[]): Mark[] {
    const frames = [...new Set(output.map(({ at }) => at))]
    const [drawn, others] = [frames.slice(0, MAX_MARKS), frames.slice(MAX_MARKS)]
    const marks = drawn.map(frame => ({ frame, symbol: this.letter(textAt(output, frame)) }))
    const frame = others.at(-1)
    if (frame === undefined) return marks
    const rest = output.filter(({ at }) => at >= others[0])
    const bytes = rest.reduce((sum, piece) => sum + piece.bytes.length, 0)
    this.more.push(`  + = ${others.length} more moments up to ${frame} ms, ${bytes} bytes`)
    return [...marks, { frame, symbol: '+' }]
  }

  legend(): string[] {
    return [...this.letters].map(([text, letter]) => `  ${letter} = ${show(text)}`).concat(this.more)
  }

  private letter(text: string): string {
    const known = this.letters.get(text)
    if (known !== undefined) return known
    const letter = letterOf('A', this.letters.size)
    this.letters.set(text, letter)
    return letter
  }
}

/** Returns the output of a frame as text without Date fields, which always differ. */
function textAt(output: readonly Piece[], frame: number): string {
  const bytes = joined(output.filter(({ at }) => at === frame).map(piece => piece.bytes))
  return decodeLatin1(bytes, 0, bytes.length).replace(/^date: .*\r\n/gim, '')
}
