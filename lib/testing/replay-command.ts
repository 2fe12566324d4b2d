/**
 * `npx httprx replay FILE`: replays captures and shows the recorded and the current output side by side.
 */
import { writeFileSync } from 'node:fs'
import { basename, dirname, relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import type { ListenOptions } from '../node/listen-options.js'
import type { Handler } from '../reactive/streamed-reqd.js'
import { readRecording, writeCapture } from './capture-file.js'
import { type RecordedConnection } from './capture-text.js'
import { differenceOf, stallsOf, type Normalise } from './replay-judgement.js'
import { drawReplay, outcomeOf, outcomes } from './replay-report.js'
import { replayLater, type Replayed } from './replay-run.js'
import { exchangesIn, recordingOf } from './replay-side.js'
import { RUNNERS, testOf, type Runner } from './replay-test.js'
import { CaptureError } from './test-errors.js'

/** The help text. */
const USAGE = `httprx replay FILE [--module ./app.js] [options]

Replays what \`capture\` wrote to FILE, and to the files that it was rotated to, in virtual time. Without a module it
lists the connections.

  --module PATH      the module of the handler. It exports the handler, and \`options\`, those of \`serve\`, and
                     \`normalise\`, a function of the output, where there are any
  --export NAME      the name of the handler's export: default
  --connection N     one connection: all that are complete unless given
  --emit-test PATH   writes a test of the connection, and the capture of it beside
  --runner NAME      the test runner: node (unless given), vitest or jest
  --timers KIND      whose timers the application's are: virtual (unless given) or real

It ends with 0 where everything is as it was, with 1 where something differs, and with 2 where it can't be run.
`

/** The command's output, and its import of modules. */
export interface Terminal {
  out(text: string): void
  err(text: string): void
  load(url: string): Promise<object>
}

interface Flags {
  readonly module?: string | undefined
  readonly export: string
  readonly connection?: string | undefined
  readonly 'emit-test'?: string | undefined
  readonly runner: string
  readonly timers: string
}

/** The module of an application. */
interface Application {
  readonly handler: Handler
  readonly options: ListenOptions
  readonly normalise: Normalise
}

/** Runs the command. Resolves with the exit code. */
export async function runCommand(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    const { values, positionals } = parse(args)
    const [command, file] = positionals
    if (values.help || positionals.length === 0) return usage(terminal, values.help ? 0 : 2)
    if (command !== 'replay' || positionals.length !== 2) throw new CaptureError(`not a command: ${args.join(' ')}`)
    return await replayFile(file, values, terminal)
  } catch (error) {
    const isOurs = error instanceof CaptureError || isUsageError(error)
    terminal.err(`httprx: ${isOurs ? error.message : String(error)}\n`)
    return 2
  }
}

function parse(args: readonly string[]): { values: Flags & { help: boolean }; positionals: string[] } {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      'module': { type: 'string' },
      'export': { type: 'string', default: 'default' },
      'connection': { type: 'string' },
      'emit-test': { type: 'string' },
      'runner': { type: 'string', default: 'node' },
      'timers': { type: 'string', default: 'virtual' },
      'help': { type: 'boolean', short: 'h', default: false },
    },
  })
}

function usage(terminal: Terminal, code: number): number {
  terminal.out(USAGE)
  return code
}

/** Whether it is a usage error, by its code: in a test runner's realm, Node's errors are not instances of Error. */
function isUsageError(error: unknown): error is Error {
  return String((error as Partial<NodeJS.ErrnoException> | null)?.code).startsWith('ERR_PARSE_ARGS')
}

async function replayFile(file: string, flags: Flags, terminal: Terminal): Promise<number> {
  const { timers, runner } = flags
  if (timers !== 'virtual' && timers !== 'real') throw new CaptureError(`--timers is virtual or real, not ${timers}`)
  if (!Object.hasOwn(RUNNERS, runner)) throw new CaptureError(`--runner is node, vitest or jest, not ${runner}`)
  const { connections, problems } = readRecording(file)
  for (const problem of problems) terminal.err(`${problem}.\n`)
  const chosen = chosenOf(file, connections, flags.connection)
  if (flags['emit-test'] !== undefined) return emitTest(chosen, flags['emit-test'], flags, terminal)
  if (flags.module === undefined) return list(connections, terminal)
  const whole = chosen.filter(({ gap }) => gap === null)
  for (const { gap } of chosen) if (gap !== null) terminal.err(`Left out: ${gap}.\n`)
  if (whole.length === 0) throw new CaptureError(`${file} has no connection that can be replayed`)
  const application = await load(flags.module, flags.export, terminal)
  const run = await replayLater(whole.map(({ capture }) => capture), application.handler, {
    server: application.options, timers,
  })
  const same = run.replayed.map((replayed, index) => report(whole[index], replayed, application, terminal))
  for (const sentence of run.pending) terminal.out(`${sentence}\n`)
  const differing = same.filter(isSame => !isSame).length
  terminal.out(`${same.length} replayed, ${differing} ${differing === 1 ? 'differs' : 'differ'}.\n`)
  return differing === 0 ? 0 : 1
}

/** Returns the connections to replay. @throws {@link CaptureError} the requested one is missing or incomplete */
function chosenOf(
  file: string, connections: readonly RecordedConnection[], wanted: string | undefined,
): readonly RecordedConnection[] {
  if (wanted === undefined) return connections
  const found = connections.find(({ id }) => String(id) === wanted)
  if (found === undefined) throw new CaptureError(`${file} has no connection ${wanted}`)
  if (found.gap !== null) throw new CaptureError(`${file}: ${found.gap}`)
  return [found]
}

function list(connections: readonly RecordedConnection[], terminal: Terminal): number {
  for (const { id, capture, gap } of connections) {
    const recording = recordingOf(capture, capture.entries.at(0)?.at ?? 0)
    const exchanges = exchangesIn(recording, recording.then).map(exchange => `${exchange.name}: ${outcomeOf(exchange)}`)
    const lines = gap === null ? exchanges : [`can't be replayed: ${gap}`]
    terminal.out(`connection ${id}, ${recording.lastAt} ms\n${lines.map(line => `  ${line}\n`).join('')}`)
  }
  return 0
}

async function load(path: string, name: string, terminal: Terminal): Promise<Application> {
  const loaded = await terminal.load(pathToFileURL(resolve(path)).href).catch((error: unknown) => {
    throw new CaptureError(`${path} can't be loaded: ${String(error)}`)
  }) as Partial<Omit<Application, 'handler'>> & Record<string, unknown>
  const { [name]: exported, options = {}, normalise = (text: string) => text } = loaded
  const handler = typeof exported === 'function' ? exported : ofCommonJs(exported, name)
  if (typeof handler === 'function') return { handler: handler as Handler, options, normalise }
  const what = handler === undefined ? 'missing' : `no function, but ${typeof handler}`
  throw new CaptureError(`${path} has no handler: its export ${name} is ${what}`)
}

/** Returns a named export of a CommonJS module, whose default import is the whole `module.exports`. */
function ofCommonJs(exported: unknown, name: string): unknown {
  if (typeof exported !== 'object' || exported === null) return exported
  return (exported as Record<string, unknown>)[name] ?? exported
}

/** Prints one connection. Returns whether its output is unchanged. */
function report(
  { id }: RecordedConnection, { recording, now }: Replayed, { normalise }: Application, terminal: Terminal,
): boolean {
  const difference = differenceOf(recording, now, normalise)
  const stalls = stallsOf(recording, now)
  terminal.out([
    `Connection ${id}: ${difference === null ? 'as it was' : 'not as it was'}`, '',
    drawReplay(recording, now), '',
    ...outcomes(recording, now), ...stalls, ...(difference === null ? [] : [difference.message]), '', '',
  ].join('\n'))
  return difference === null
}

function emitTest(chosen: readonly RecordedConnection[], path: string, flags: Flags, terminal: Terminal): number {
  if (flags.module === undefined) throw new CaptureError('--emit-test needs --module, which the test imports')
  const [found] = chosen
  if (chosen.length !== 1) throw new CaptureError('--emit-test needs --connection: a test is of one connection')
  if (found.gap !== null) throw new CaptureError(found.gap)
  const data = `${path.replace(/(\.test)?\.[cm]?[jt]sx?$/, '')}.ndjson`
  const module = relative(dirname(resolve(path)), resolve(flags.module)).replaceAll('\\', '/')
  const { text, unanswered } = testOf({
    capture: found.capture,
    id: found.id,
    runner: flags.runner as Runner,
    module: module.startsWith('.') ? module : `./${module}`,
    name: flags.export,
    file: `./${basename(data)}`,
  })
  writeCapture(data, found.capture)
  writeFileSync(path, text)
  terminal.out(`${path} expects ${unanswered > 0 ? 'answers to what was not answered' : 'what was recorded'}, `
    + `of the capture in ${data}.\n`)
  return 0
}
