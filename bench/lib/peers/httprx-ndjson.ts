/**
 * httprx, for lines of JSON that are received, parsed, processed one after the other, and sent back.
 */
import { concatMap, serve, type Handler } from 'httprx'
import { map } from 'rxjs'
import { setImmediate } from 'node:timers/promises'
import type { Scenario } from '../scenario.js'

/** The number of lines that are processed per turn of the event loop; a query would yield in the same way. */
const LINES_PER_TURN = 64

interface Line {
  readonly ms: number
}

/** The lines of chunks; a chunk may end within a line. */
function splitter(): (bytes: Uint8Array) => string[] {
  const decoder = new TextDecoder()
  let rest = ''
  return bytes => {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    return lines
  }
}

const doubled: Handler = reqd => {
  let count = 0
  return {
    body: reqd.body.bytes$.pipe(
      map(splitter()),
      concatMap(lines => lines),
      map(text => JSON.parse(text) as Line),
      concatMap(async line => {
        if (++count % LINES_PER_TURN === 0) await setImmediate()
        return `${JSON.stringify({ ...line, ms: line.ms * 2 })}\n`
      }),
    ),
  }
}

export async function start(_: Scenario): Promise<number> {
  const server = await serve(doubled, { host: '127.0.0.1' }).listening
  return (server.address as { port: number }).port
}
