/**
 * Curves over time as an SVG picture: panels below each other, each with a scale of its own that begins at 0.
 */

/** One curve. */
export interface Curve {
  readonly name: string
  readonly values: readonly number[]
}

/** Curves that share a scale. */
export interface Panel {
  readonly title: string
  readonly curves: readonly Curve[]
}

const WIDTH = 900
const HEIGHT = 190
const LEFT = 70
const TOP = 30
const COLOURS = ['#1f6feb', '#d1242f', '#1a7f37', '#9a6700']

/** Draws the panels. `times` are the seconds of all values. */
export function plot(title: string, times: readonly number[], panels: readonly Panel[]): string {
  const height = 40 + panels.length * (HEIGHT + 60)
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${LEFT + WIDTH + 30}" height="${height}"`,
    ' font-family="sans-serif">',
    `<rect width="100%" height="100%" fill="white"/><text x="${LEFT}" y="24" font-size="16">${title}</text>`,
    ...panels.map((panel, index) => drawPanel(panel, times, 40 + index * (HEIGHT + 60))),
    '</svg>\n',
  ].join('\n')
}

function drawPanel({ title, curves }: Panel, times: readonly number[], y: number): string {
  const most = Math.max(1, ...curves.flatMap(({ values }) => values)) * 1.1
  const last = Math.max(1, times.at(-1) ?? 0)
  const place = (value: number, index: number): string =>
    `${(LEFT + times[index] / last * WIDTH).toFixed(1)},${(TOP + HEIGHT - value / most * HEIGHT).toFixed(1)}`
  const lines = curves.map(({ values }, index) =>
    `<polyline fill="none" stroke="${COLOURS[index]}" stroke-width="1.5" points="${values.map(place).join(' ')}"/>`)
  const names = curves.map(({ name }, index) =>
    `<text x="${LEFT + 200 + index * 160}" y="20" font-size="12" fill="${COLOURS[index]}">${name}</text>`)
  const steps = [0, 0.25, 0.5, 0.75, 1].map(part => drawScale(part, most / 1.1, last))
  return `<g transform="translate(0 ${y})"><text x="${LEFT}" y="20" font-size="13">${title}</text>`
    + [...steps, ...names, ...lines].join('') + '</g>'
}

/** A line at this part of the scale, with its value; and the time at this part of the width. */
function drawScale(part: number, most: number, last: number): string {
  const y = TOP + HEIGHT - part / 1.1 * HEIGHT
  const x = LEFT + part * WIDTH
  return `<line x1="${LEFT}" x2="${LEFT + WIDTH}" y1="${y}" y2="${y}" stroke="#ddd"/>`
    + `<text x="${LEFT - 8}" y="${y + 4}" font-size="11" text-anchor="end">${(part * most).toFixed(1)}</text>`
    + `<text x="${x}" y="${TOP + HEIGHT + 16}" font-size="11" text-anchor="middle">`
    + `${(part * last / 60).toFixed(1)} min</text>`
}
