/**
 * A sink that drains as much as a test allows, and counts what is pending.
 */
import { chunkSize } from '../../lib/demand/chunk.js'
import { type ControlledSink, ControlledSubject } from '../../lib/demand/controlled-subject.js'
import type { WaterMarks } from '../../lib/demand/water-marks.js'

export class MeteredSink<T> implements ControlledSink<T> {
  pending = 0
  /** The most that was ever pending. */
  peak = 0
  /** How often a callback was registered. */
  waits = 0
  readonly values: T[] = []
  readonly ends: unknown[] = []
  private wait: { mark: number; callback: () => void } | null = null

  write(value: T): void {
    this.values.push(value)
    this.pending += chunkSize(value)
    this.peak = Math.max(this.peak, this.pending)
  }

  complete(): void {
    this.ends.push('complete')
  }

  error(error: unknown): void {
    this.ends.push(error)
  }

  whenDrained(mark: number, callback: () => void): void {
    this.waits++
    this.wait = { mark, callback }
    this.drain(0)
  }

  /** The transport takes that many bytes. */
  drain(count = this.pending): void {
    this.pending -= Math.min(count, this.pending)
    if (this.wait === null || this.pending > this.wait.mark) return
    const { callback } = this.wait
    this.wait = null
    callback()
  }
}

/** A subject over a sink that drains when it is told to. */
export function metered<T>(marks?: WaterMarks): { sink: MeteredSink<T>; subject: ControlledSubject<T> } {
  const sink = new MeteredSink<T>()
  return { sink, subject: new ControlledSubject<T>(sink, marks) }
}
