/**
 * The invariant: for any bytes, the core gives the same events whole, in any cut, and for lent reads; and it accepts
 * the requests that node:http in strict mode accepts, except for the documented differences.
 *
 * Inputs grow from the conformance cases: an input that reaches code for the first time, or more often, is kept and
 * mutated again. `npm run fuzz:guided`; FUZZ_SECONDS is the duration, FUZZ_SEED the seed of the random numbers.
 */
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { ServerConnection } from '../../../lib/connection/server-connection.js'
import { RemoteProtocolError } from '../../../lib/errors.js'
import { readCaseFiles } from '../../conformance/case-file.js'
import { conversation } from '../../helpers/conversation.js'
import { responding } from '../../helpers/runtime.js'
import { latin1 } from '../../helpers/splits.js'
import { Coverage } from './coverage.js'
import { explain, kindOf, type Difference } from './differences.js'
import { Draw, minimized, mutate } from './mutations.js'
import { NodeHttp, type Understood } from './node-http.js'

const CASES = join(__dirname, '../../conformance')
const SECONDS = Number(process.env['FUZZ_SECONDS'] ?? 60)
const SEED = Number(process.env['FUZZ_SEED'] ?? 1)

/** Parses the bytes with our core. */
function understand(text: string): { readonly requests: readonly Understood[]; readonly error: unknown } {
  const requests: Understood[] = []
  const connection = ServerConnection.create(reqd => {
    const { method, target } = reqd.request
    let body = ''
    const readOn = (): void => {
      reqd.requestBody.scheduleRead({
        onRead: bytes => {
          body += Buffer.from(bytes).toString('latin1')
          readOn()
        },
        onEof: () => {
          requests.push({ method, target, body })
          reqd.respondWithString(responding(200), 'ok')
        },
      })
    }
    readOn()
  })
  const bytes = latin1(text)
  for (let from = 0, before = -1; from !== before && connection.nextReadOperation() === 'read';) {
    before = from
    from += connection.readEof(bytes, from, bytes.length - from)
    const operation = connection.nextWriteOperation()
    if (operation.type !== 'write') continue
    connection.reportWriteResult({ type: 'ok', count: operation.iovecs.reduce((sum, { len }) => sum + len, 0) })
  }
  return { requests, error: connection.errorCode }
}

/** Returns the difference between the events of the whole text and of the text in these cuts, or null. */
function judgeCuts(text: string, cuts: readonly number[]): string | null {
  try {
    const whole = conversation(text, [])
    expect(conversation(text, cuts, 'read')).toEqual(whole)
    expect(conversation(text, cuts, 'readLent')).toEqual(whole)
    return null
  } catch (error) {
    return String(error)
  }
}

const nodeHttp = new NodeHttp()
const reasons = new Map<string, number>()

/** Returns a difference from node:http that nothing explains, or null. */
async function judgeBeside(text: string): Promise<string | null> {
  const { requests, error } = understand(text)
  const theirs = await nodeHttp.understand(latin1(text))
  const isSame = (request: Understood, index: number): boolean =>
    JSON.stringify(request) === JSON.stringify(theirs[index])
  const first = requests.findIndex((request, index) => !isSame(request, index))
  const index = first < 0 ? requests.length : first
  if (index === requests.length && index === theirs.length) return null
  const difference: Difference = {
    text, ours: requests[index], theirs: theirs[index], error: error instanceof RemoteProtocolError ? error : null,
    complaint: nodeHttp.complaint,
  }
  const reason = explain(difference)
  if (reason !== null) reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
  const { ours, theirs: other } = difference
  return reason !== null ? null : `${kindOf(difference)}\n${JSON.stringify({ ours, theirs: other })}`
}

async function judge(text: string, cuts: readonly number[]): Promise<string | null> {
  return judgeCuts(text, cuts) ?? await judgeBeside(text)
}

function firstLine(text: string | null): string {
  return text?.split('\n')[0] ?? ''
}

/** The text in the notation of the cases in spec/conformance. */
function asCase(text: string): string {
  return text.replace(/\\/g, '\\\\').replace(/\r\n/g, '\n')
    .replace(/[^\n -~]/g, character => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`)
}

it('finds no difference between cuts, and only intended ones from node:http', async () => {
  const coverage = new Coverage()
  const draw = new Draw(SEED)
  const cases = readCaseFiles(CASES).flatMap(file => file.cases.map(({ input }) => input))
  const seeds = cases.filter(text => text.length < 3000)
  const corpus: string[] = []
  const findings = new Map<string, string>()
  let executions = 0
  const execute = async (text: string): Promise<void> => {
    executions++
    const cuts = Array.from({ length: 1 + draw.below(6) }, () => draw.below(text.length + 1))
    coverage.reset()
    const complaint = await judge(text, cuts)
    if (coverage.take()) corpus.push(text)
    if (complaint === null) return
    const kind = firstLine(complaint)
    if (findings.has(kind)) return
    const short = await minimized(text, async shorter => firstLine(await judge(shorter, cuts)) === kind)
    const said = await judge(short, cuts)
    findings.set(kind, `execution ${executions} of seed ${SEED}, cuts ${cuts.join()}\n${asCase(short)}\n${said}`)
  }
  for (const text of seeds) await execute(text)
  for (const end = Date.now() + SECONDS * 1000; Date.now() < end && findings.size < 20;) {
    await execute(mutate(draw.pick(corpus), corpus, draw))
  }
  console.log(`${executions} executions of seed ${SEED}; ${corpus.length} inputs kept; places: ${coverage.summary}\n`
    + [...reasons].map(([reason, count]) => `${String(count).padStart(7)} ${reason}`).join('\n'))
  expect([...findings.values()].join('\n\n')).toBe('')
}, SECONDS * 1000 + 120_000)
