/**
 * Allows one test in virtual time at a time, because virtual time is process-wide.
 */
import { callSite } from './call-site.js'
import { TwoRunsError, type RunningTest } from './test-errors.js'

let current: RunningTest | null = null

/** Begins a run. Returns a function that ends it. @throws {@link TwoRunsError} */
export function beginRun(name: string): () => void {
  const site = callSite()
  if (current !== null) throw new TwoRunsError(site, current)
  current = { name, site }
  return () => { current = null }
}
