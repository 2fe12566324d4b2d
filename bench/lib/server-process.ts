/**
 * A server under measurement.
 */
import { Child, type StartOptions } from './child.js'
import { serverCore } from './cores.js'
import type { Question, Usage } from './server.js'
import type { Scenario } from './scenario.js'

/** A peer that serves a scenario, in its own process. */
export class ServerProcess {
  readonly port: number
  private readonly child: Child

  /** Starts the peer; resolves when it listens. */
  static start(peer: string, scenario: Scenario, nodeOptions: readonly string[] = []): Promise<ServerProcess> {
    return ServerProcess.startWith(peer, scenario, { core: serverCore, nodeOptions })
  }

  /** As {@link start}, on another core, or observed. */
  static async startWith(peer: string, scenario: Scenario, options: StartOptions): Promise<ServerProcess> {
    const child = new Child('./server.js', [peer, scenario], options)
    const { port } = await child.next<{ port: number }>()
    return new ServerProcess(child, port)
  }

  private constructor(child: Child, port: number) {
    this.child = child
    this.port = port
  }

  /** Its usage so far. Garbage can be collected only if it was started with `--expose-gc`. */
  usage(question: Question = {}): Promise<Usage> {
    return this.child.ask<Usage>(question)
  }

  get pid(): number | undefined {
    return this.child.pid
  }

  stop(): Promise<void> {
    return this.child.stop()
  }
}
