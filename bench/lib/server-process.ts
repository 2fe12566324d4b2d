/**
 * A server under measurement.
 */
import { Child } from './child.js'
import { serverCore } from './cores.js'
import type { Question, Usage } from './server.js'
import type { Scenario } from './scenario.js'

/** A peer that serves a scenario, in its own process. */
export class ServerProcess {
  readonly port: number
  private readonly child: Child

  /** Starts the peer; resolves when it listens. */
  static async start(peer: string, scenario: Scenario, nodeOptions: readonly string[] = []): Promise<ServerProcess> {
    const child = new Child('./server.js', [peer, scenario], { core: serverCore, nodeOptions })
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

  stop(): Promise<void> {
    return this.child.stop()
  }
}
