/**
 * Virtual time is the time of the whole process, so there can be one at a time.
 */
import { callSite } from './call-site.js'
import { TwoRunsError, type RunningTest } from './test-errors.js'

let current: RunningTest | null = null

/** Begins a run. Returns what ends it. @throws {@link TwoRunsError} */
export function beginRun(name: string): () => void {
  const site = callSite()
  if (current !== null) throw new TwoRunsError(site, current)
  current = { name, site }
  return () => { current = null }
}
