/**
 * Us, with a hub between the publisher and the clients of `sse` and `hubSocket`.
 */
import { fanOutByHub } from '../fan-out-httprx.js'
import type { Scenario } from '../scenario.js'
import { startWith } from './httprx.js'

export function start(scenario: Scenario): Promise<number> {
  return startWith(fanOutByHub(scenario), scenario)
}
