/**
 * Chunks on their way from the core's body to one subscriber.
 *
 * Strategy: a chunk is read when the subscriber is done with the last one: when it took it, or when what it was
 * projected to is complete.
 */
import { from, type ObservableInput, type Subscriber, takeWhile } from 'rxjs'
import type { BodyReader } from '../connection/body-reader.js'
import { BodyPull } from './body-pull.js'
import { currentContext, type Context } from './context.js'

/** What a chunk is turned into; null: the chunk itself is the value. */
export type ProjectChunk<R> = ((chunk: Uint8Array, index: number) => ObservableInput<R>) | null

/** Reads a body chunk by chunk until the subscriber is closed. */
export class BodyFlow<R> extends BodyPull {
  private readonly subscriber: Subscriber<R>
  private readonly project: ProjectChunk<R>
  private readonly context: Context
  private index: number

  constructor(reader: BodyReader, subscriber: Subscriber<R>, project: ProjectChunk<R>) {
    super(reader)
    this.subscriber = subscriber
    this.project = project
    this.context = currentContext()
    this.index = 0
  }

  onRead(bytes: Uint8Array): void {
    const { project } = this
    if (project !== null) {
      this.context.runInAsyncScope(() => { this.run(project, bytes) })
      return
    }
    // Without a projection R is the chunk's own type.
    this.subscriber.next(bytes as R)
    this.readOn()
  }

  onEof(): void {
    this.subscriber.complete()
  }

  onError(error: unknown): void {
    this.subscriber.error(error)
  }

  private readOn(): void {
    if (!this.subscriber.closed) this.read()
  }

  private run(project: NonNullable<ProjectChunk<R>>, bytes: Uint8Array): void {
    const { subscriber } = this
    try {
      // `takeWhile` stops an inner source that never pauses within its subscription.
      subscriber.add(from(project(bytes, this.index++)).pipe(takeWhile(() => !subscriber.closed)).subscribe({
        next: value => subscriber.next(value),
        error: error => subscriber.error(error),
        complete: () => this.readOn(),
      }))
    } catch (error) {
      subscriber.error(error)
    }
  }
}
