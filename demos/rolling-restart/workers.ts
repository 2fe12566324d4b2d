/**
 * The workers of a cluster, each replaced by a new one that listens before the old one is told to end.
 */
import cluster, { type Worker } from 'node:cluster'
import { on, once } from 'node:events'

/** Reports that this worker listens. */
export function listens(port: number): void {
  process.send?.({ port })
}

/** The running workers. */
export class Workers {
  port = 0
  private readonly prepare: (worker: Worker) => void
  private readonly workers: Worker[] = []
  private replacing: Promise<void> = Promise.resolve()

  /** Starts `count` workers. Resolves when all of them listen. */
  static async start(count: number, prepare: (worker: Worker) => void): Promise<Workers> {
    const workers = new Workers(prepare)
    while (workers.workers.length < count) await workers.add()
    return workers
  }

  private constructor(prepare: (worker: Worker) => void) {
    this.prepare = prepare
  }

  /** Replaces all current workers, one after the other. A second call waits for the first. */
  replace(): Promise<void> {
    return this.replacing = this.replacing.then(async () => {
      for (const old of [...this.workers]) {
        const young = await this.add()
        await this.end(old)
        console.log(`${old.process.pid} is replaced by ${young.process.pid}`)
      }
    })
  }

  /** Ends all workers. */
  async stop(): Promise<void> {
    await Promise.all([...this.workers].map(worker => this.end(worker)))
  }

  private async add(): Promise<Worker> {
    const worker = cluster.fork()
    this.prepare(worker)
    for await (const [message] of on(worker, 'message') as AsyncIterable<[{ port?: number }]>) {
      if (message.port === undefined) continue
      this.port = message.port
      break
    }
    this.workers.push(worker)
    return worker
  }

  private async end(worker: Worker): Promise<void> {
    this.workers.splice(this.workers.indexOf(worker), 1)
    const ended = once(worker, 'exit')
    worker.process.kill('SIGTERM')
    await ended
  }
}
