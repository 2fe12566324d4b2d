/**
 * The text of docs/states.md, drawn from the tables of lib/connection/states.ts.
 */
import { INPUT_MOVES, OPERATIONS, OUTPUT_MOVES, type OutputState } from '../../lib/connection/states.js'

/** The states of the output, in the order of the columns. */
export const OUTPUT_STATES: readonly OutputState[] = [
  'idle', 'waiting', 'streaming', 'complete', 'failing', 'upgrade', 'closed',
]

/** The events of a half, by their names. */
export type Moves = Readonly<Record<string, { readonly from: readonly string[]; readonly to: string }>>

/** The two operations of a cell; '' for an impossible one. */
export function cellOf(read: string, write: string | undefined): string {
  return write === undefined ? '' : `${read}/${write}`
}

/** The two operations of each cell by its name, `input × output`. */
export const CELLS: ReadonlyMap<string, string> = new Map(
  Object.entries(OPERATIONS).flatMap(([input, row]) => OUTPUT_STATES.map(output => {
    const write: Partial<Record<OutputState, string>> = row.write
    return [`${input} × ${output}`, cellOf(row.read, write[output])] as const
  })),
)

/** The document. */
export function statesDocument(): string {
  return [
    '# The states of a connection', '',
    '<!-- Drawn from lib/connection/states.ts: npm run states writes this file. -->', '',
    'A connection is two machines, one for input and one for output. What each word means stands in',
    '[lib/connection/states.ts](../lib/connection/states.ts), whose tables the code runs on.', '',
    '## Input', '', ...diagram('head', INPUT_MOVES), '',
    '## Output', '', ...diagram('idle', OUTPUT_MOVES), '',
    '## What the caller does next', '',
    'The next operations for input and output, by the state of both. An empty cell is never reached. Output is `write`',
    'wherever bytes are pending; the table says what it is when none are. `full`: more output waits than',
    '`writeBufferSize`. `wanted`: a read of the body is scheduled, or its trailers are being read.', '',
    ...table(), '',
  ].join('\n')
}

function diagram(first: string, moves: Moves): string[] {
  const arrows = Object.entries(moves).flatMap(([name, { from, to }]) => {
    return from.map(state => `  ${state} --> ${to}: ${name}`)
  })
  return ['```mermaid', 'stateDiagram-v2', `  [*] --> ${first}`, ...arrows, '```']
}

function table(): string[] {
  const rows = Object.keys(OPERATIONS).map(input => {
    return [input, ...OUTPUT_STATES.map(output => CELLS.get(`${input} × ${output}`))].join(' | ')
  })
  const heads = ['input \\ output', ...OUTPUT_STATES].join(' | ')
  return [`| ${heads} |`, `|${'---|'.repeat(8)}`, ...rows.map(row => `| ${row} |`)]
}
