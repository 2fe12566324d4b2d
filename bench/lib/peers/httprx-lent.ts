/**
 * Us, taking uploads whose chunks are lent.
 */
import { map, reduce } from 'rxjs'
import type { Handler } from 'httprx'
import { transportOf, type Scenario } from '../scenario.js'
import { mixed, startWith } from './httprx.js'

const upload: Handler = reqd => reqd.body.lent$.pipe(
  reduce((count, bytes) => count + bytes.length, 0),
  map(count => ({ body: String(count) })))

export function start(scenario: Scenario): Promise<number> {
  return startWith(transportOf(scenario).plain === 'mixed' ? mixed(upload) : upload, scenario)
}
