/**
 * The use of the processor cores: servers share the first one, so that other work of the machine affects them alike,
 * and load comes from the last ones.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

const available = coresOfThisProcess()
const canPin = available.length > 1 && spawnSync('taskset', ['--version']).status === 0

/** The core of all servers; null if processes cannot be bound to cores. */
export const serverCore: number | null = canPin ? available[0] : null

/** The cores that load comes from: two, or one on a machine with two. */
export const loadCores: readonly (number | null)[] = canPin ? available.slice(1).slice(-2) : [null]

/** A description of the cores. */
export const pinning = canPin
  ? `servers on core ${serverCore}, load on ${loadCores.length > 1 ? 'cores' : 'core'} ${loadCores.join(' and ')}`
  : 'not bound to cores (no taskset, or one core): expect much noise'

/** Returns the command that runs a program on a core. */
export function onCore(core: number | null, program: string, args: readonly string[]): [string, string[]] {
  return core === null ? [program, [...args]] : ['taskset', ['-c', String(core), program, ...args]]
}

function coresOfThisProcess(): number[] {
  try {
    const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0'
    return list.split(',').flatMap(range => {
      const [first, last = first] = range.split('-').map(Number)
      return Array.from({ length: last - first + 1 }, (_, index) => first + index)
    })
  } catch {
    return [0]
  }
}
