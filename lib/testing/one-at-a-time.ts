/**
 * Virtual time is the time of the whole process, so there can be one at a time.
 */
import { callSite } from './call-site.js'

/** Two tests in virtual time at once. */
export class TwoRunsError extends Error {
  override readonly name = 'TwoRunsError'

  constructor(site: string | null, other: Run) {
    super(`Two tests run in virtual time at once: one began at ${place(site)}, while the ${other.name} that began `
      + `at ${place(other.site)} has not ended. They share one clock, so each has to end before the next begins: `
      + '`await` marblesAsync, and do not let the test runner run tests of one file concurrently.')
  }
}

interface Run {
  readonly name: string
  readonly site: string | null
}

let current: Run | null = null

/** Begins a run. Returns what ends it. @throws {@link TwoRunsError} */
export function beginRun(name: string): () => void {
  const site = callSite()
  if (current !== null) throw new TwoRunsError(site, current)
  current = { name, site }
  return () => { current = null }
}

function place(site: string | null): string {
  return site ?? 'an unknown place'
}
