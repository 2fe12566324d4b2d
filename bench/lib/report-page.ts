/**
 * A page of the output of benchmarks: their tables, and their main figures as bars.
 */
import { readFileSync } from 'node:fs'
import { bars, escapeText, type Bar } from './bars.js'
import { isNumeric, write, type Cell, type Printed } from './report.js'

/** A benchmark and its output, or its failure. */
export interface Section {
  readonly name: string
  readonly printed: readonly Printed[]
  readonly failure: string | null
}

const STYLE = `body { font: 15px/1.5 sans-serif; max-width: 960px; margin: 2em auto; padding: 0 1em }
table { border-collapse: collapse; margin: 1em 0 } td, th { border: 1px solid #ccc; padding: 2px 8px; text-align: left }
.number { text-align: right; font-variant-numeric: tabular-nums } .machine { color: #666; font-size: 13px }
.failure { color: #d1242f } svg { max-width: 100%; height: auto }`

/** The page. `facts` are its date, and the machine and versions. */
export function reportPage(facts: readonly string[], sections: readonly Section[]): string {
  const contents = sections.map(({ name }) => `<a href="#${name}">${name}</a>`).join(' · ')
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>httprx: benchmarks</title><style>${STYLE}</style></head><body>
<h1>httprx: benchmarks</h1>
<ul>${facts.map(fact => `<li>${escapeText(fact)}</li>`).join('')}</ul>
<p>Bars: less is better. The grey line is the reference, 1; a red mark is what a figure should be at most.</p>
<p>${contents}</p>
${sections.map(sectionOf).join('\n')}
</body></html>
`
}

function sectionOf({ name, printed, failure }: Section): string {
  const failed = failure === null ? '' : `<p class="failure">${escapeText(failure)}</p>`
  return `<section id="${name}">${printed.map(partOf).join('\n')}${failed}</section>`
}

function partOf(printed: Printed): string {
  switch (printed.type) {
    case 'heading':
      return `<h2>${escapeText(printed.title)}</h2><p>${escapeText(printed.remark)}</p>`
        + `<p class="machine">${escapeText(printed.machine)}</p>`
    case 'remark': return `<p>${escapeText(printed.text)}</p>`
    case 'picture': return readFileSync(printed.path, 'utf8')
    case 'table': return tableOf(printed.columns, printed.rows) + barsOf(printed.columns, printed.rows)
  }
}

function tableOf(columns: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const kinds = columns.map((_, index) => isNumeric(rows, index) ? ' class="number"' : '')
  const line = (tag: string, cells: readonly string[]): string =>
    `<tr>${cells.map((cell, index) => `<${tag}${kinds[index]}>${escapeText(cell)}</${tag}>`).join('')}</tr>`
  return `<table>${line('th', columns)}${rows.map(row => line('td', row.map(write))).join('')}</table>`
}

/** The index of the main column: the ratio with a target, another ratio, a factor, or else the first figures. */
function columnOf(columns: readonly string[], rows: readonly (readonly Cell[])[]): number {
  const target = columns.indexOf('target')
  if (columns[target - 1] === 'ratio') return target - 1
  const ratio = columns.findIndex(column => column === 'ratio' || column === 'factor')
  return ratio >= 0 ? ratio : columns.findIndex((_, index) => index > 0 && isNumeric(rows, index))
}

function barsOf(columns: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const column = columnOf(columns, rows)
  const isRatio = columns[column] === 'ratio'
  const target = isRatio ? columns.indexOf('target') : -1
  const list = rows.flatMap((row): Bar[] => {
    const [value, goal] = [row[column], row[target]]
    if (typeof value !== 'number' || !Number.isFinite(value)) return []
    return [{ name: String(row[0]), value, text: write(value), target: typeof goal === 'number' ? goal : null }]
  })
  return list.length === 0 ? '' : `<p>${escapeText(columns[column])}</p>${bars(list, isRatio)}`
}
