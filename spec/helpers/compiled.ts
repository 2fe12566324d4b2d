/**
 * Samples of code with what the compiler says about each: those that must compile, and those that must not.
 */
import { compileBlocks } from './markdown.js'

/** The subject of a sample, its code, and the text of the compiler's error; null: it compiles. */
export type Sample = readonly [about: string, code: string, complaint: RegExp | null]

/** Returns all samples by their groups, with each one's compiler error, '' for none. They are compiled at once. */
export function judged(imports: string, groups: Record<string, readonly Sample[]>): [string, RegExp | null, string][] {
  const samples = Object.entries(groups).flatMap(([group, some]) => some.map(sample => [group, ...sample] as const))
  const blocks = samples.map(([, , code], line) => ({ kind: 'ts', text: `${imports}\n${code}\nexport {}`, line }))
  const complaints = compileBlocks(blocks)
  return samples.map(([group, about, , complaint], index) => [`${group}: ${about}`, complaint, complaints[index]])
}
