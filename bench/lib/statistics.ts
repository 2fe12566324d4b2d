/**
 * Statistics of a few measurements.
 */

/** The median of some values, and their extremes. */
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

/**
 * Returns the growth of a figure over the samples of a measurement: the difference of its medians in the last and in
 * the first third.
 */
export function growthOf<Sample>(samples: readonly Sample[], figure: (sample: Sample) => number): number {
  const third = Math.ceil(samples.length / 3)
  const median = (part: readonly Sample[]): number => summarize(part.map(figure)).median
  return median(samples.slice(-third)) - median(samples.slice(0, third))
}

/** Returns the quantile of the sorted values: the value below which the given part of them lies. */
export function quantile(sorted: readonly number[], part: number): number {
  const position = (sorted.length - 1) * part
  const below = Math.floor(position)
  const above = Math.ceil(position)
  return sorted[below] + (sorted[above] - sorted[below]) * (position - below)
}
