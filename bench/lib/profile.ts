/**
 * Reads a CPU profile as `--cpu-prof` writes it: the self time of each function.
 */
import { existsSync, readFileSync } from 'node:fs'
import { SourceMap } from 'node:module'
import { fileURLToPath } from 'node:url'

interface Node {
  readonly id: number
  readonly callFrame: {
    readonly functionName: string
    readonly url: string
    readonly lineNumber: number
    readonly columnNumber: number
  }
}

interface Profile {
  readonly nodes: readonly Node[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

/** A function, or a part of the engine, and its self time in microseconds. */
export interface Cost {
  readonly name: string
  readonly place: string
  /** Its owner: ours, rxjs, node (its JavaScript), or native (its C++, the engine, the kernel). */
  readonly owner: 'httprx' | 'rxjs' | 'node' | 'native' | 'other'
  readonly time: number
}

/** Waiting, and the profiler itself, which starts and ends in a call of `dispatch`. */
const NO_WORK = new Set(['(idle)', 'dispatch'])

/** Returns the functions of a profile, the one with the greatest self time first. */
export function costsOf(path: string): Cost[] {
  const profile = JSON.parse(readFileSync(path, 'utf8')) as Profile
  const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]))
  const costs = new Map<string, Cost>()
  profile.samples.forEach((id, index) => {
    const frame = frames.get(id)
    if (frame === undefined || (frame.url === '' && NO_WORK.has(frame.functionName))) return
    const cost = costOf(frame)
    const key = `${cost.name} ${cost.place}`
    costs.set(key, { ...cost, time: (costs.get(key)?.time ?? 0) + profile.timeDeltas[index] })
  })
  return [...costs.values()].sort((a, b) => b.time - a.time)
}

function costOf({ functionName, url, lineNumber, columnNumber }: Node['callFrame']): Cost {
  const name = functionName === '' ? '(anonymous)' : functionName
  const source = sourceOf(url, lineNumber, columnNumber) ?? `${url}:${lineNumber + 1}`
  const place = url === '' ? '' : source.replace(/^.*\/(lib|dist\/bench|node_modules)\//, '')
  return { name, place, owner: ownerOf(url), time: 0 }
}

const maps = new Map<string, SourceMap | null>()

/** The source of a position in a bundle; null if there is no source map. */
function sourceOf(url: string, line: number, column: number): string | null {
  let map = maps.get(url)
  if (map === undefined) maps.set(url, map = mapOf(url))
  const origin = map?.findEntry(line, column)
  return origin !== undefined && 'originalSource' in origin
    ? `${origin.originalSource}:${origin.originalLine + 1}`
    : null
}

function mapOf(url: string): SourceMap | null {
  const path = url.startsWith('file:') ? `${fileURLToPath(url)}.map` : ''
  return existsSync(path)
    ? new SourceMap(JSON.parse(readFileSync(path, 'utf8')) as ConstructorParameters<typeof SourceMap>[0])
    : null
}

function ownerOf(url: string): Cost['owner'] {
  if (url === '') return 'native'
  if (url.startsWith('node:')) return 'node'
  if (url.includes('/node_modules/rxjs/')) return 'rxjs'
  return url.includes('/dist/esm/') ? 'httprx' : 'other'
}
