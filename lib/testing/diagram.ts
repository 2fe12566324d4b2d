/**
 * Draws marble diagrams under each other, with the same frame in the same column.
 *
 * Strategy: only frames with an event in some row are laid out; the time between them is drawn as dashes, or as ` 59s `
 * if it is long. Events of one frame form a group, which is wider than its frame and covers the following frames, as in
 * RxJS. If one of those has an event in another row, the rows are padded with spaces, which stand for no time.
 */

/** One event of a row: a letter, `|`, `#`, `^` or `!`. */
export interface Mark {
  readonly frame: number
  readonly symbol: string
}

/** The rows as text. */
export interface Diagram {
  readonly lines: readonly string[]
  /** The column of each frame with an event. */
  readonly columns: ReadonlyMap<number, number>
}

/** The longest time that is drawn as dashes, in frames. */
const LONG = 15

/** Draws the rows. */
export function draw(rows: readonly (readonly Mark[])[]): Diagram {
  const frames = [...new Set(rows.flat().map(mark => mark.frame))].sort((a, b) => a - b)
  const columns = new Map<number, number>()
  const lines = rows.map(marks => new Line(marks))
  let [time, start] = [0, 0]
  for (const frame of frames) {
    const gap = frame - time
    const width = Math.max(...lines.map(line => line.text.length)) - start
    const token = gap - width > LONG ? ` ${duration(gap - width)} ` : ''
    const end = start + (token === '' ? gap : width)
    start = Math.max(end, start + width) + token.length
    for (const line of lines) line.extend(end, start, token)
    columns.set(frame, start)
    for (const line of lines) line.add(frame)
    time = frame
  }
  const end = Math.max(0, ...lines.map(line => line.text.length))
  for (const line of lines) line.extend(end, end, '')
  return { lines: lines.map(line => line.text.trimEnd()), columns }
}

class Line {
  text: string
  private readonly marks: readonly Mark[]
  private isOver: boolean

  constructor(marks: readonly Mark[]) {
    this.text = ''
    this.marks = marks
    this.isOver = false
  }

  /** Draws time up to the column `end`, then the token if there is one, then pads to the column `start`. */
  extend(end: number, start: number, token: string): void {
    this.text = this.text.padEnd(end, this.isOver ? ' ' : '-')
    if (!this.isOver) this.text += token
    this.text = this.text.padEnd(start, ' ')
  }

  add(frame: number): void {
    const symbols = this.marks.filter(mark => mark.frame === frame).map(mark => mark.symbol)
    if (symbols.length > 0) this.text += symbols.length === 1 ? symbols[0] : `(${symbols.join('')})`
    this.isOver ||= symbols.some(symbol => '|#!'.includes(symbol))
  }
}

function duration(frames: number): string {
  return frames % 1000 === 0 ? `${frames / 1000}s` : `${frames}ms`
}
