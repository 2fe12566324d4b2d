/**
 * The tables of states.ts: each cell is reached and has its operations, no walk reaches an impossible cell, and each
 * event leads where its table says.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { ServerConnection } from '../../lib/connection/server-connection.js'
import { INPUT_MOVES, OUTPUT_MOVES } from '../../lib/connection/states.js'
import { Headers } from '../../lib/message/headers.js'
import { ROOT } from '../helpers/built.js'
import { Runtime, echoTarget, get, post, postChunks, readBody, readOnce, responding } from '../helpers/runtime.js'
import { Walker, walks, type Walk } from '../helpers/walker.js'
import { CELLS, statesDocument, type Moves } from './state-drawing.js'

const FILE = join(ROOT, 'docs/states.md')

/** The parts of a connection that hold its states. */
interface Inside {
  readonly exchanges: {
    readonly mayStartRequest: boolean
    readonly input: { readonly current: string; readonly body: { readonly isWanted: boolean } }
    readonly output: string
  }
}

/** The name of the cell that a connection is in. */
function placeOf(connection: ServerConnection): string {
  const { exchanges } = connection as unknown as Inside
  const { input, output } = exchanges
  const isFull = input.current === 'head' && !exchanges.mayStartRequest
  const isWanted = input.current === 'body' && input.body.isWanted
  return `${input.current}${isFull ? ', full' : ''}${isWanted ? ', wanted' : ''} × ${output}`
}

/** The two operations, as a cell has them. */
function operationsOf(connection: ServerConnection): string {
  const input = connection.nextReadOperation()
  const output = connection.nextWriteOperation().type
  return `${input}/${output}`
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

/** Reaches each cell. */
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

const reachable = [...CELLS].filter(([, cell]) => cell !== '')

describe('the table of states', () => {
  it('has eight rows and seven columns', () => {
    expect(CELLS.size).toBe(56)
  })

  it('has a way to reach each possible cell', () => {
    expect(Object.keys(WAYS).sort()).toEqual(reachable.map(([name]) => name).sort())
  })

  it.each(reachable)('%s: %s', (name, cell) => {
    const runtime = WAYS[name]()
    if (!cell.endsWith('/write')) runtime.writeAll()
    expect(placeOf(runtime.connection)).toBe(name)
    expect(operationsOf(runtime.connection)).toBe(cell)
  })

  it('contains every cell that a random walk reaches, with its operations', () => {
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

/** The transitions of the events of a half, as `from → to`. */
function arrows(moves: Moves): Set<string> {
  return new Set(Object.values(moves).flatMap(({ from, to }) => from.map(state => `${state} → ${to}`)))
}

/** Records each change of the property of an object. */
function watchChanges(target: object, key: string, seen: Set<string>): void {
  const fields = target as Record<string, string>
  let current = fields[key]
  Object.defineProperty(target, key, {
    get: () => current,
    set: (next: string) => {
      if (next !== current) seen.add(`${current} → ${next}`)
      current = next
    },
  })
}

describe('the events of the two halves', () => {
  const inputs = new Set<string>()
  const outputs = new Set<string>()

  function watched(walk: Walk): Walker {
    const walker = new Walker(walk)
    const { exchanges } = walker.connection as unknown as Inside
    watchChanges(exchanges.input, 'state', inputs)
    watchChanges(exchanges, 'output', outputs)
    return walker
  }

  it('all occur in random walks, and lead where the tables say', () => {
    fc.assert(fc.property(walks, walk => {
      const walker = watched(walk)
      for (const step of walk.steps) walker.step(step)
    }), { numRuns: 3000, seed: 1 })
    expect([...inputs].sort()).toEqual([...arrows(INPUT_MOVES)].sort())
    expect([...outputs].sort()).toEqual([...arrows(OUTPUT_MOVES)].sort())
  })
})

it('docs/states.md is drawn from the tables: npm run states', () => {
  const text = statesDocument()
  if (process.env['WRITE_STATES'] !== undefined) writeFileSync(FILE, text)
  expect(readFileSync(FILE, 'utf8')).toBe(text)
})

/** Expects the connection to be in a possible cell and to ask for the cell's operations. Returns the cell's name. */
function demandCell(connection: ServerConnection): string {
  // Asking may hand the connection over or wake a loop, so the cell is looked up afterwards.
  operationsOf(connection)
  const operations = operationsOf(connection)
  const name = placeOf(connection)
  const cell = CELLS.get(name)
  expect([name, cell]).not.toEqual([name, ''])
  expect([name, operations]).toEqual([name, connection.hasPendingOutput ? `${cell?.split('/')[0]}/write` : cell])
  return name
}
