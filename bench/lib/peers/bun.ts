/**
 * Bun's own WebSocket server, if it is installed.
 */
import { fileURLToPath } from 'node:url'
import { externalCpu, startExternal } from '../external.js'
import type { Scenario } from '../scenario.js'

const PROGRAM = fileURLToPath(new URL('../bun-server.js', import.meta.url))

export function start(scenario: Scenario): Promise<number> {
  return startExternal('bun', port => [PROGRAM, String(port), scenario])
}

export { externalCpu as cpu }
