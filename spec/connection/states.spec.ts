/**
 * The table at the head of server-connection.ts: each cell that it has is reached and does what the cell says, and no
 * walk reaches one that it says can't be.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { ServerConnection } from '../../lib/connection/server-connection.js'
import { Headers } from '../../lib/message/headers.js'
import { Runtime, echoTarget, get, post, postChunks, readBody, readOnce, responding } from '../helpers/runtime.js'
import { Walker, walks } from '../helpers/walker.js'

const SOURCE = readFileSync(join(__dirname, '../../lib/connection/server-connection.ts'), 'utf8')

/** The table: what stands at `input × output`. */
const TABLE = parseTable(SOURCE)

function parseTable(source: string): Map<string, string> {
  const rows = source.split('\n').filter(line => line.startsWith(' * |') && !line.includes('---'))
    .map(line => line.split('|').slice(1, -1).map(cell => cell.trim()))
  const [[, ...outputs], ...inputs] = rows
  return new Map(inputs.flatMap(([input, ...cells]) => {
    return cells.map((cell, index) => [`${input} × ${outputs[index]}`, cell] as const)
  }))
}

/** The parts of a connection that its states are kept in. */
interface Inside {
  readonly exchanges: {
    readonly mayStartRequest: boolean
    readonly input: { readonly current: string; readonly body: { readonly isWanted: boolean } }
    readonly output: { readonly current: string }
  }
}

/** Which cell a connection is in. */
function cellOf(connection: ServerConnection): string {
  const { exchanges } = connection as unknown as Inside
  const { input, output } = exchanges
  const isFull = input.current === 'head' && !exchanges.mayStartRequest
  const isWanted = input.current === 'body' && input.body.isWanted
  return `${input.current}${isFull ? ', full' : ''}${isWanted ? ', wanted' : ''} × ${output.current}`
}

/** The two operations, as a cell has them. */
function operationsOf(connection: ServerConnection): string {
  const input = connection.nextReadOperation()
  const output = connection.nextWriteOperation().type
  return input === 'upgrade' && output === 'upgrade' ? 'upgrade' : `${input}/${output}`
}

const POST = post('hello').slice(0, -5)
const UPGRADES = ['Connection: upgrade', 'Upgrade: x']
const pendingErrors = { errorHandler: () => {} }

function after(input: string, act: (runtime: Runtime) => void = () => {}): Runtime {
  const runtime = new Runtime()
  runtime.readString(input)
  act(runtime)
  return runtime
}

const stream = (runtime: Runtime): void => { runtime.reqd.respondWithStreaming(responding(200)) }
const answer = (runtime: Runtime): void => { echoTarget(runtime.reqd) }
const want = (runtime: Runtime): void => { readBody(runtime.reqd) }
const touch = (runtime: Runtime): void => {
  readOnce(runtime.reqd, [])
  runtime.readString('h')
}
const upgrade = (runtime: Runtime): void => {
  runtime.reqd.respondWithUpgrade(Headers.of({ Upgrade: 'x' }), () => {})
}
const both = (...acts: ((runtime: Runtime) => void)[]) => (runtime: Runtime): void => {
  for (const act of acts) act(runtime)
}

/** How each cell is reached. */
const WAYS: Record<string, () => Runtime> = {
  'head × idle': () => new Runtime(),
  'head, full × idle': () => {
    const runtime = new Runtime(echoTarget, { config: { writeBufferSize: 1 } })
    runtime.readString(get('/'))
    return runtime
  },
  'body, wanted × waiting': () => after(POST, want),
  'body, wanted × streaming': () => after(POST, both(want, stream)),
  'body, wanted × complete': () => after(POST, both(want, answer)),
  'body, wanted × upgrade': () => after(post('hello', ...UPGRADES).slice(0, -5), both(want, upgrade)),
  'body × waiting': () => after(POST),
  'body × streaming': () => after(POST, stream),
  'body × complete': () => after(POST, both(touch, answer)),
  'body × upgrade': () => after(post('hello', ...UPGRADES).slice(0, -5), both(touch, upgrade)),
  'drain × complete': () => after(POST, answer),
  'drain × upgrade': () => after(postChunks(...UPGRADES), upgrade),
  'done × waiting': () => after(get('/')),
  'done × streaming': () => after(get('/'), stream),
  'done × upgrade': () => after(get('/', ...UPGRADES), upgrade),
  'upgraded × upgrade': () => after(get('/', ...UPGRADES), both(upgrade, runtime => { runtime.writeAll() })),
  'closed × streaming': () => {
    const runtime = new Runtime(() => {}, { errorHandler: (_, start) => { start(Headers.empty).writeString('x') } })
    runtime.readString('(')
    return runtime
  },
  'closed × failing': () => {
    const runtime = new Runtime(() => {}, pendingErrors)
    runtime.readString('(')
    return runtime
  },
  'closed × closed': () => after('('),
}

const reachable = [...TABLE].filter(([, cell]) => cell !== '-')

describe('the table of states', () => {
  it('has eight rows and seven columns', () => {
    expect(TABLE.size).toBe(56)
  })

  it('has a way to each cell that can be', () => {
    expect(Object.keys(WAYS).sort()).toEqual(reachable.map(([name]) => name).sort())
  })

  it.each(reachable)('%s: %s', (name, cell) => {
    const runtime = WAYS[name]()
    if (!cell.endsWith('/write')) runtime.writeAll()
    expect(cellOf(runtime.connection)).toBe(name)
    expect(operationsOf(runtime.connection)).toBe(cell)
  })

  it('is never left by a walk, whatever is called', () => {
    const seen = new Set<string>()
    fc.assert(fc.property(walks, walk => {
      const walker = new Walker(walk)
      for (const step of walk.steps) {
        walker.step(step)
        seen.add(demandCell(walker.connection))
      }
    }), { numRuns: Number(process.env['FUZZ_RUNS'] ?? 1000) })
    expect(seen.size).toBeGreaterThan(10)
  })
})

/** Demands that the connection is in a cell that can be, and asks for what the cell says. Returns the cell's name. */
function demandCell(connection: ServerConnection): string {
  // Asking may hand the connection over or wake a loop, so the cell is looked up afterwards.
  operationsOf(connection)
  const operations = operationsOf(connection)
  const name = cellOf(connection)
  const cell = TABLE.get(name)
  expect([name, cell]).not.toEqual([name, '-'])
  expect([name, operations]).toEqual([name, connection.hasPendingOutput ? `${cell?.split('/')[0]}/write` : cell])
  return name
}
