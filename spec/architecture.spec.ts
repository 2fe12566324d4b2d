/**
 * The layers of the house: every file of lib/ keeps the import order, the pure rooms know no time and no machine, and
 * each rule is shown to find what it forbids.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { circles, violations, type Source } from './helpers/source-rules.js'

const LIB = join(__dirname, '../lib')
const FILES = readdirSync(LIB, { recursive: true, encoding: 'utf8' })
  .map(file => file.replaceAll('\\', '/'))
  .filter(file => file.endsWith('.ts'))
  .sort()

/** The violations of a file at this path with these lines below its opening comment. */
function judge(path: string, ...lines: string[]): string[] {
  return violations({ path, text: ['/** A sample. */', ...lines].join('\n') })
}

function read(path: string): Source {
  return { path, text: readFileSync(join(LIB, path), 'utf8') }
}

describe('every file of lib/ keeps the rules of the house', () => {
  it.each(FILES)('%s', file => {
    expect(violations(read(file))).toEqual([])
  })

  it('no imports are circular', () => {
    expect(circles(FILES.map(read))).toEqual([])
  })
})

describe('circular imports are found', () => {
  const file = (path: string, ...modules: string[]): Source => ({
    path, text: modules.map(module => `import type { X } from '${module}'`).join('\n'),
  })

  it.each([
    ['two files', [file('wire/a.ts', './b.js'), file('wire/b.ts', './a.js')], ['wire/a.ts', 'wire/b.ts']],
    ['three files in two rooms',
      [file('wire/a.ts', '../message/b.js'), file('message/b.ts', './c.js'), file('message/c.ts', '../wire/a.js')],
      ['wire/a.ts', 'message/b.ts', 'message/c.ts']],
    ['a circle behind a file that is not part of it',
      [file('wire/a.ts', './b.js'), file('wire/b.ts', './c.js'), file('wire/c.ts', './b.js')],
      ['wire/b.ts', 'wire/c.ts']],
  ])('of %s', (_, sources, circle) => {
    expect(circles(sources)).toEqual([circle])
  })

  it('and a diamond is not one', () => {
    const diamond = [
      file('wire/a.ts', './b.js', './c.js'), file('wire/b.ts', './d.js'), file('wire/c.ts', './d.js'),
      file('wire/d.ts'),
    ]
    expect(circles(diamond)).toEqual([])
  })
})

describe('the import rule', () => {
  it.each([
    ['wire/a.ts', "import { x } from './b.js'"],
    ['wire/a.ts', "import { x } from '../message/headers.js'"],
    ['message/a.ts', "import { x } from '../errors.js'"],
    ['reactive/a.ts', "import { Subject } from 'rxjs'"],
    ['node/a.ts', "import { createServer } from 'node:net'"],
    ['ws/a.ts', "import { WebSocketServer } from 'ws'"],
    ['hub/nats/a.ts', "import { connect } from '@nats-io/transport-node'"],
    ['hub/nats/a.ts', "import { FanOut } from '../fan-out.js'"],
    ['testing/index.ts', "export * from '../reactive/serve.js'"],
    ['testing/capture-file.ts', "import { readFileSync } from 'node:fs'"],
    ['core.ts', "export * from './connection/index.js'"],
    ['index.ts', "export * from './core.js'"],
    ['index.ts', "export * from './node/listen.js'"],
  ])('lets %s say %s', (path, line) => {
    expect(judge(path, line)).toEqual([])
  })

  it.each([
    ['wire/a.ts', "import { x } from '../connection/reqd.js'", '../connection/reqd.js'],
    ['message/a.ts', "import { x } from '../buffer/index.js'", '../buffer/index.js'],
    ['wire/a.ts', "import type { X } from '../connection/reqd.js'", '../connection/reqd.js'],
    ['wire/a.ts', "export * from '../reactive/index.js'", '../reactive/index.js'],
    ['wire/a.ts', "const later = import('../node/listen.js')", '../node/listen.js'],
    ['wire/a.ts', "let x: import('../node/listen.js').X", '../node/listen.js'],
    ['connection/a.ts', "import { Subject } from 'rxjs'", 'rxjs'],
    ['connection/a.ts', "import { timer } from 'rxjs/operators'", 'rxjs/operators'],
    ['connection/a.ts', "import { kMaxLength } from 'node:buffer'", 'node:buffer'],
    ['reactive/a.ts', "import type { Socket } from 'node:net'", 'node:net'],
    ['sse/a.ts', "import { WebSocket } from 'ws'", 'ws'],
    ['hub/a.ts', "import type { NatsConnection } from '@nats-io/transport-node'", '@nats-io/transport-node'],
    ['hub/index.ts', "export * from './nats/index.js'", './nats/index.js'],
    ['testing/index.ts', "import { readFileSync } from 'node:fs'", 'node:fs'],
    ['testing/index.ts', "import { expect } from '@jest/globals'", '@jest/globals'],
    ['core.ts', "export * from './reactive/index.js'", './reactive/index.js'],
    ['index.ts', "export * from './ws/index.js'", './ws/index.js'],
    ['reactive/a.ts', "import { x } from '../core.js'", '../core.js'],
    ['demand/a.ts', "import { x } from '../runtime/clock.js'", '../runtime/clock.js'],
    ['runtime/a.ts', "import { x } from '../reactive/reply.js'", '../reactive/reply.js'],
    ['demand/reactive-streams/a.ts', "import { x } from '../../reactive/reply.js'", '../../reactive/reply.js'],
    ['node/a.ts', "import { x } from '../../bench/peer.js'", '../../bench/peer.js'],
  ])('forbids %s to say %s', (path, line, module) => {
    expect(judge(path, line)).toEqual([`${path} must not import ${module}`])
  })
})

describe('the rule of the pure rooms', () => {
  it.each([
    ['connection/a.ts', 'setTimeout(f, 1)', 'setTimeout'],
    ['connection/a.ts', 'const now = Date.now()', 'Date'],
    ['message/a.ts', 'const now = globalThis.performance.now()', 'performance'],
    ['wire/a.ts', "console.log('here')", 'console'],
    ['errors.ts', 'const env = process.env', 'process'],
    ['wire/a.ts', 'function f(bytes: Buffer) { return bytes }', 'Buffer'],
    ['wire/a.ts', 'const held = { Date }', 'Date'],
  ])('forbids in %s: %s', (path, line, name) => {
    expect(judge(path, line)).toEqual([`${path} must not use ${name}`])
  })

  it.each([
    ['buffer/latin1.ts', 'const slice = Buffer.prototype.toString'],
    ['wire/a.ts', 'const names = { Date: 1, process: 2 }; names.process = names.Date'],
    ['wire/a.ts', "const text = 'the Date field' // not console"],
    ['node/a.ts', 'setTimeout(f, Date.now())'],
  ])('allows in %s: %s', (path, line) => {
    expect(judge(path, line)).toEqual([])
  })
})

describe('the form of a file', () => {
  it('has a comment at its head', () => {
    expect(violations({ path: 'wire/a.ts', text: 'export {}\n' })).toEqual([
      'wire/a.ts must open with a block comment that says what it is for',
    ])
  })

  it('has a name in kebab-case', () => {
    expect(judge('wire/headParser.ts')).toEqual(['wire/headParser.ts must be in kebab-case'])
  })

  it('has at most 300 lines', () => {
    const lines = Array<string>(300).fill('// a line')
    expect(judge('wire/a.ts', ...lines.slice(1))).toEqual([])
    expect(judge('wire/a.ts', ...lines)).toEqual(['wire/a.ts has 301 lines: split it at 300'])
  })
})
