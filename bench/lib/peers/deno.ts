/**
 * Deno's own WebSocket server, if it is installed.
 */
import { fileURLToPath } from 'node:url'
import { externalCpu, startExternal } from '../external.js'
import type { Scenario } from '../scenario.js'

const PROGRAM = fileURLToPath(new URL('../deno-server.js', import.meta.url))

export function start(scenario: Scenario): Promise<number> {
  return startExternal('deno', port => ['run', '-A', PROGRAM, String(port), scenario])
}

export { externalCpu as cpu }
