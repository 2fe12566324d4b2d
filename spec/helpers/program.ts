/**
 * A Node program under test: started with a free port in `PORT`, observed through its output, stopped as an operator
 * stops it. Every program is stopped after the spec that started it.
 */
import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { type Readable } from 'node:stream'
import { ROOT } from './built.js'

/** Milliseconds until a program that neither ends nor prints the expected text is killed. */
const PATIENCE_MS = 20_000

/** A running program. */
export class Program {
  /** The text that the program has printed so far, on both outputs. */
  output: string
  private readonly child: ChildProcessByStdio<null, Readable, Readable>
  private readonly exited: Promise<unknown>

  constructor(file: string, env: Record<string, string> = { PORT: '0' }, patienceMs = PATIENCE_MS) {
    this.output = ''
    this.child = spawn(process.execPath, [file], {
      cwd: ROOT,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: patienceMs,
      killSignal: 'SIGKILL',
    })
    this.exited = once(this.child, 'close')
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => { this.output += text })
    }
  }

  /** Resolves with the first match in what the program prints. Rejects when it ends without one. */
  async printed(pattern: RegExp): Promise<string> {
    for (;;) {
      const match = pattern.exec(this.output)
      if (match !== null) return match[0]
      const outputs = [this.child.stdout, this.child.stderr]
      const more = Promise.race(outputs.map(output => once(output, 'data'))).then(() => true)
      const goesOn = await Promise.race([more, this.exited.then(() => false)])
      if (!goesOn && !pattern.test(this.output)) throw new Error(`It never printed ${String(pattern)}:\n${this.output}`)
    }
  }

  /** Resolves with the address that the program prints when it listens. */
  address(): Promise<string> {
    return this.printed(/https?:\/\/[\w.:[\]-]+/)
  }

  /** Resolves with the exit code of a program that ends itself. Rejects if a signal ended it. */
  async ended(): Promise<number> {
    await this.exited
    if (this.child.exitCode === null) throw new Error(`It ended by ${String(this.child.signalCode)}:\n${this.output}`)
    return this.child.exitCode
  }

  /** Sends SIGTERM and resolves with the exit code, null if the signal ended the program. */
  async stop(): Promise<number | null> {
    this.child.kill('SIGTERM')
    await this.exited
    return this.child.exitCode
  }
}
