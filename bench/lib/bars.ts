/**
 * A column of figures as bars, in SVG: with a line at 1 if they are ratios, and a mark at the target.
 */

/** One bar. */
export interface Bar {
  readonly name: string
  readonly value: number
  readonly text: string
  readonly target: number | null
}

const NAMES = 260
const WIDTH = 520
const HEIGHT = 22

/** Draws the bars below each other. */
export function bars(list: readonly Bar[], isRatio: boolean): string {
  const most = Math.max(...list.flatMap(({ value, target }) => [value, target ?? 0]), isRatio ? 1 : 0) * 1.1
  const x = (value: number): string => (NAMES + Math.max(0, value) / most * WIDTH).toFixed(1)
  const height = list.length * HEIGHT + 10
  const lines = list.map(({ name, value, text, target }, index) => {
    const y = 5 + index * HEIGHT
    return `<text x="${NAMES - 8}" y="${y + 15}" text-anchor="end">${escapeText(name)}</text>`
      + `<rect x="${NAMES}" y="${y + 3}" width="${Number(x(value)) - NAMES}" height="${HEIGHT - 6}" fill="#1f6feb"/>`
      + `<text x="${Number(x(value)) + 6}" y="${y + 15}">${escapeText(text)}</text>`
      + (target === null ? '' : verticalLine(x(target), y, y + HEIGHT, '#d1242f'))
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${NAMES + WIDTH + 90}" height="${height}"`
    + ' font-family="sans-serif" font-size="12">'
    + (isRatio ? verticalLine(x(1), 0, height, '#888') : '') + lines.join('') + '</svg>'
}

function verticalLine(x: string, from: number, to: number, colour: string): string {
  return `<line x1="${x}" x2="${x}" y1="${from}" y2="${to}" stroke="${colour}" stroke-width="2"/>`
}

/** Text, escaped for HTML and SVG. */
export function escapeText(text: string): string {
  return text.replace(/[&<>"]/g, character => `&#${character.charCodeAt(0)};`)
}
