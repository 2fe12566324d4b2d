/**
 * The command `httprx replay`: what it says of how it is called, and of what it cannot replay.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { capture, get } from '../../lib/testing/index.js'
import { runCommand } from '../../lib/testing/replay-command.js'
import { connect, start } from '../helpers/net.js'

const folder = mkdtempSync(join(tmpdir(), 'httprx-command-'))
const file = join(folder, 'traffic.ndjson')
afterAll(() => { rmSync(folder, { recursive: true }) })

beforeAll(async () => {
  const server = await start(({ target }) => ({ body: `${target}\n` }))
  const recording = capture(server, { file })
  for (const path of ['/1', '/2']) await (await connect(server)).send(get(path)).end().all()
  await server.close({ graceMs: 0 })
  await recording.closed
})

interface Said {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Runs the command in a place where every module is `loaded`, or cannot be. */
async function run(args: readonly string[], loaded: object | Error = {}): Promise<Said> {
  const said = { out: '', err: '' }
  const code = await runCommand(args, {
    out: text => { said.out += text },
    err: text => { said.err += text },
    load: () => loaded instanceof Error ? Promise.reject(loaded) : Promise.resolve(loaded),
  })
  return { code, ...said }
}

describe('the command httprx replay', () => {
  it('prints its usage', async () => {
    const help = await run(['--help'])
    expect(help).toMatchObject({ code: 0, err: '' })
    expect(help.out).toMatch(/httprx replay FILE/)
    expect(await run([])).toEqual({ ...help, code: 2 })
  })

  it.each([
    ['another command', ['record', 'x'], /^httprx: not a command: record x\n$/],
    ['an option that is none', ['replay', 'x', '--modul', 'y'], /^httprx: Unknown option '--modul'/],
    ['timers that are none', ['replay', 'x', '--timers', 'fake'], /--timers is virtual or real, not fake/],
    ['a runner that is none', ['replay', 'x', '--runner', 'tap'], /--runner is node, vitest or jest, not tap/],
    ['a file that is not there', ['replay', join(folder, 'none')], /^httprx: There is no file .*none\n$/],
    ['a connection that is none', ['replay', file, '--connection', '7'], /traffic.ndjson has no connection 7\n$/],
  ])('refuses %s', async (_, args, message) => {
    const { code, out, err } = await run(args)
    expect([code, out]).toEqual([2, ''])
    expect(err).toMatch(message)
  })

  it.each([
    ['that cannot be loaded', new Error('no such file'), /^httprx: app.js can't be loaded: Error: no such file\n$/],
    ['without a handler', {}, /^httprx: app.js has no handler: its export default is missing\n$/],
    ['with another export', { default: 5 }, /^httprx: app.js has no handler: its export default is no function/],
  ])('refuses a module %s', async (_, loaded, message) => {
    const { code, err } = await run(['replay', file, '--module', 'app.js'], loaded)
    expect(code).toBe(2)
    expect(err).toMatch(message)
  })

  it('accepts a handler that a CommonJS module exports', async () => {
    const app = { default: { default: ({ target }: { target: string }) => ({ body: `${target}\n` }) } }
    expect(await run(['replay', file, '--module', 'app.js'], app)).toMatchObject({ code: 0, err: '' })
  })

  it('prints an internal error', async () => {
    const broken = { get default() { throw new RangeError('broken') } }
    expect(await run(['replay', file, '--module', 'app.js'], broken)).toMatchObject({
      code: 2, err: 'httprx: RangeError: broken\n',
    })
  })

  it('skips connections whose beginning is missing, and says so', async () => {
    const cut = join(folder, 'cut.ndjson')
    writeFileSync(cut, linesWithoutOpen(1))
    const app = { default: ({ target }: { target: string }) => ({ body: `${target}\n` }) }
    const { code, out, err } = await run(['replay', cut, '--module', 'app.js'], app)
    expect(err).toMatch(/Left out: .*connection 1/)
    expect(out).toMatch(/1 replayed, 0 differ/)
    expect(code).toBe(0)
    expect((await run(['replay', cut])).out).toMatch(/can't be replayed: /)
    expect((await run(['replay', cut, '--connection', '1'])).err).toMatch(/connection 1/)
  })
})

/** The recording without the opening of a connection. */
function linesWithoutOpen(connection: number): string {
  const lines = readFileSync(file, 'utf8').split('\n')
  return lines.filter(line => !(line.includes('"open"') && line.includes(`"connection":${connection}`))).join('\n')
}
