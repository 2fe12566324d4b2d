/**
 * Fields as a flat list of strings: name, value, name, value … One array for all fields, and no pair for each.
 */
import { equalsIgnoringCase } from './text.js'

/**
 * The index of the first field at or after `from` whose name is `name`; -1 if there is none.
 *
 * @internal
 */
export function findInList(flat: readonly string[], name: string, from: number): number {
  for (let i = 2 * from; i < flat.length; i += 2) {
    if (equalsIgnoringCase(flat[i], name)) return i >> 1
  }
  return -1
}

/**
 * The index of the last field whose name is `name`; -1 if there is none.
 *
 * @internal
 */
export function findLastInList(flat: readonly string[], name: string): number {
  for (let i = flat.length - 2; i >= 0; i -= 2) {
    if (equalsIgnoringCase(flat[i], name)) return i >> 1
  }
  return -1
}
