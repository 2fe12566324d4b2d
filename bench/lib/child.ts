/**
 * Processes that a benchmark starts; they end with it at the latest.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { constants, setPriority } from 'node:os'
import { fileURLToPath } from 'node:url'
import { onCore } from './cores.js'

const running = new Set<ChildProcess>()

process.on('exit', () => {
  // Not with SIGKILL: some have child processes.
  for (const child of running) child.kill()
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(1))

/** Options of a process. */
export interface StartOptions {
  /** The core it is bound to; null: any. */
  readonly core: number | null
  /** Options of Node itself. */
  readonly nodeOptions?: readonly string[]
  /** A command that runs Node and observes it, with its options. */
  readonly observer?: readonly string[]
}

/** A program of this folder in its own process, which answers messages. */
export class Child {
  private readonly process: ChildProcess

  /** Starts a program of this folder. */
  constructor(program: string, args: readonly string[], { core, nodeOptions = [], observer = [] }: StartOptions) {
    const path = fileURLToPath(new URL(program, import.meta.url))
    const [first, ...others] = [...observer, process.execPath, ...nodeOptions, path, ...args]
    const [command, words] = onCore(core, first, others)
    this.process = track(spawn(command, words, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }))
  }

  /** The number of the process, also of one that is observed. */
  get pid(): number | undefined {
    return this.process.pid
  }

  /** Lowers its priority, so that other processes on its core run first. */
  giveWay(): void {
    if (this.process.pid !== undefined) setPriority(this.process.pid, constants.priority.PRIORITY_LOW)
  }

  /** Returns the next message of the program. It fails if there will be none. */
  async next<T>(): Promise<T> {
    const settled = new AbortController()
    const { signal } = settled
    const exit = once(this.process, 'exit', { signal }).then(([code]) => {
      throw new Error(`a process of the benchmark ended with ${code as number}`)
    })
    try {
      const [message] = await Promise.race([once(this.process, 'message', { signal }), exit]) as [T]
      return message
    } finally {
      exit.catch(() => undefined)
      settled.abort()
    }
  }

  /** Sends a message and returns the next one that comes back. */
  ask<T>(message: object): Promise<T> {
    const answer = this.next<T>()
    this.process.send(message)
    return answer
  }

  /** Ends the program, by closing its channel. */
  async stop(): Promise<void> {
    if (this.process.exitCode !== null) return
    const end = once(this.process, 'exit')
    const timer = setTimeout(() => this.process.kill('SIGKILL'), 5000)
    if (this.process.connected) this.process.disconnect()
    await end
    clearTimeout(timer)
  }
}

/** Runs a command to its end and returns its output. Fails if that takes longer than `timeoutMs`. */
export async function run(core: number | null, program: string, args: string[], timeoutMs: number): Promise<string> {
  const [command, words] = onCore(core, program, args)
  const child = track(spawn(command, words, { stdio: ['ignore', 'pipe', 'pipe'], timeout: timeoutMs }))
  let output = ''
  let complaint = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => { output += text })
  child.stderr.setEncoding('utf8').on('data', (text: string) => { complaint += text })
  const [code] = await once(child, 'close') as [number | null]
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${complaint || output}`)
  return output
}

/** Starts a program that ends with this process, and shares its output. */
export function spawnTracked(program: string, args: readonly string[]): ChildProcess {
  return track(spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'] }))
}

function track<T extends ChildProcess>(child: T): T {
  running.add(child)
  child.once('exit', () => running.delete(child))
  return child
}
