/**
 * Load over HTTP: from wrk if it is installed, else from autocannon, which uses more processor time itself.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from './child.js'

/** The shape of the requests. */
export interface Shape {
  readonly headers?: Readonly<Record<string, string>>
  /** The length of the body of a POST; absent: a GET. */
  readonly bodyBytes?: number
  /** Whether the connections use TLS. */
  readonly isEncrypted?: boolean
  /** The number of pipelined requests. */
  readonly pipelined?: number
}

/** The port, the core of the load, its duration and the number of connections. */
export interface Aim {
  readonly port: number
  readonly core: number | null
  readonly seconds: number
  readonly connections: number
}

/** The result of a load. */
export interface LoadResult {
  /** Answered requests, or transferred bytes. */
  readonly units: number
  /** The duration. */
  readonly seconds: number
  /** The 99th percentile of the response times, in milliseconds. */
  readonly p99Ms: number
}

const wrkVersion = /^wrk (?:debian\/)?(\S+)/.exec(spawnSync('wrk', ['-v'], { encoding: 'utf8' }).stdout)?.[1] ?? null

/** Returns the name of the load generator. */
export function describeLoader(): string {
  return wrkVersion === null ? 'load from autocannon' : `load from wrk ${wrkVersion}`
}

/** Sends requests of one shape, each after a response to an earlier one. */
export function load(shape: Shape, aim: Aim): Promise<LoadResult> {
  return wrkVersion === null ? loadByAutocannon(shape, aim) : loadByWrk(shape, aim)
}

const scripts = mkdtempSync(join(tmpdir(), 'httprx-bench-'))
process.on('exit', () => rmSync(scripts, { recursive: true, force: true }))

/** The options that name the script of a shape, if it needs one; without a script, requests are cheaper. */
function scriptOf({ bodyBytes, pipelined }: Shape): string[] {
  const lines: string[] = []
  if (bodyBytes !== undefined) lines.push("wrk.method = 'POST'", `wrk.body = string.rep('x', ${bodyBytes})`)
  if (pipelined !== undefined) {
    lines.push('local text', `init = function() text = string.rep(wrk.format(), ${pipelined}) end`)
    lines.push('request = function() return text end')
  }
  if (lines.length === 0) return []
  const path = join(scripts, `${bodyBytes ?? 0}-${pipelined ?? 1}.lua`)
  // Only once: one of two simultaneous loads must not write the script that the other one reads.
  if (!existsSync(path)) writeFileSync(path, lines.join('\n'))
  return ['-s', path]
}

function schemeOf({ isEncrypted = false }: Shape): string {
  return isEncrypted ? 'https' : 'http'
}

async function loadByWrk(shape: Shape, { port, core, seconds, connections }: Aim): Promise<LoadResult> {
  const headers = Object.entries(shape.headers ?? {}).flatMap(([name, value]) => ['-H', `${name}: ${value}`])
  const output = await run(core, 'wrk', [
    '-t', '1', '-c', String(connections), '-d', `${seconds}s`, '--latency', ...headers, ...scriptOf(shape),
    `${schemeOf(shape)}://127.0.0.1:${port}/`,
  ], (seconds + 20) * 1000)
  if (/Non-2xx|connect [1-9]|read [1-9]|write [1-9]/.test(output)) throw new Error(`wrk met errors:\n${output}`)
  const [, units, time, unit] = /(\d+) requests in ([\d.]+)(s|m)/.exec(output) ?? []
  const [, p99, scale] = /99%\s+([\d.]+)(us|ms|s)/.exec(output) ?? []
  const milliseconds = { us: 0.001, ms: 1, s: 1000 }[scale] ?? NaN
  return { units: Number(units), seconds: Number(time) * (unit === 'm' ? 60 : 1), p99Ms: Number(p99) * milliseconds }
}

async function loadByAutocannon(shape: Shape, { port, core, seconds, connections }: Aim): Promise<LoadResult> {
  const program = createRequire(import.meta.url).resolve('autocannon/autocannon.js')
  const headers = Object.entries(shape.headers ?? {}).flatMap(([name, value]) => ['-H', `${name}=${value}`])
  const body = shape.bodyBytes === undefined ? [] : ['-m', 'POST', '-b', 'x'.repeat(shape.bodyBytes)]
  const output = await run(core, process.execPath, [
    program, '--json', '-c', String(connections), '-d', String(seconds), '-p', String(shape.pipelined ?? 1),
    ...headers, ...body, `${schemeOf(shape)}://127.0.0.1:${port}/`,
  ], (seconds + 20) * 1000)
  const result = JSON.parse(output) as Record<'2xx' | 'non2xx' | 'errors' | 'duration', number> & Latency
  if (result.non2xx + result.errors > 0) throw new Error(`autocannon met errors:\n${output}`)
  return { units: result['2xx'], seconds: result.duration, p99Ms: result.latency.p99 }
}

interface Latency {
  readonly latency: { readonly p99: number }
}
