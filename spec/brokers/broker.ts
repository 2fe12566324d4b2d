/**
 * A real broker: Debian's nats-server with JetStream, with its own store, on a free port. It may be killed, stopped,
 * and started again with its store.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../helpers/listening.js'

const PLACES = ['/usr/sbin/nats-server', '/usr/bin/nats-server']

/** A broker. */
export class Broker {
  /** Its URL. */
  readonly url: string
  private readonly port: number
  private readonly folder: string
  private readonly copy: string
  private child: ChildProcess | null

  /** A broker that is ready. */
  static async start(): Promise<Broker> {
    const broker = new Broker(await freePort())
    await broker.start()
    return broker
  }

  private constructor(port: number) {
    this.port = port
    this.url = `nats://127.0.0.1:${port}`
    this.folder = mkdtempSync(join(tmpdir(), 'httprx-broker-'))
    this.copy = `${this.folder}-copy`
    this.child = null
  }

  /** Starts it again. Resolves when it is ready. */
  async start(): Promise<void> {
    const program = PLACES.find(place => existsSync(place))
    if (program === undefined) throw new Error('nats-server is missing: apt-get install nats-server')
    const words = ['-js', '-sd', this.folder, '-a', '127.0.0.1', '-p', String(this.port)]
    const child = this.child = spawn(program, words, { stdio: ['ignore', 'ignore', 'pipe'] })
    let log = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => { log += text })
    const ended = once(child, 'exit').then(() => { throw new Error(`the broker ended: ${log}`) })
    while (!log.includes('Server is ready')) await Promise.race([once(child.stderr, 'data'), ended])
    ended.catch(() => { /* It ends when it is stopped. */ })
  }

  /** Kills it, as a crash would; its store stays. */
  async kill(): Promise<void> {
    const { child } = this
    this.child = null
    if (child === null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }

  /** Copies its store, while it does not run. */
  save(): void {
    cpSync(this.folder, this.copy, { recursive: true })
  }

  /** Replaces its store with the copy, while it does not run. */
  restore(): void {
    rmSync(this.folder, { recursive: true })
    renameSync(this.copy, this.folder)
  }

  /** Ends it, and deletes its store. */
  async stop(): Promise<void> {
    await this.kill()
    for (const folder of [this.folder, this.copy]) rmSync(folder, { recursive: true, force: true })
  }
}
