/**
 * What a few measurements come to.
 */

/** The middle of some values, and how far they lie apart. */
export interface Summary {
  readonly median: number
  readonly low: number
  readonly high: number
}

/** Returns the median and the extremes of at least one value. */
export function summarize(values: readonly number[]): Summary {
  const sorted = values.toSorted((a, b) => a - b)
  return { median: quantile(sorted, 0.5), low: sorted[0], high: sorted[sorted.length - 1] }
}

/** Returns the value below which the given part of the sorted values lies. */
export function quantile(sorted: readonly number[], part: number): number {
  const position = (sorted.length - 1) * part
  const below = Math.floor(position)
  const above = Math.ceil(position)
  return sorted[below] + (sorted[above] - sorted[below]) * (position - below)
}
