/**
 * Go's net/http on one core: `go/main.go`, compiled on demand.
 */
import { join } from 'node:path'
import { externalCpu, startExternal } from '../external.js'
import { compiled } from '../compiled.js'

export async function start(): Promise<number> {
  process.env['GOMAXPROCS'] = '1'
  const program = compiled('go', 'main.go', (source, folder) =>
    ['go', ['build', '-o', join(folder, 'server'), source]])
  return startExternal(program, port => [String(port)])
}

export { externalCpu as cpu }
