/**
 * Publishes values to a stream, each until the broker has acknowledged it.
 *
 * Strategy: a broker that restarts loses a message in flight, or only its acknowledgement; the publisher cannot tell
 * which. So each message has its own id and is sent again under it: the broker stores it once. The number of pending
 * messages and the time for each are bounded.
 */
import { headers, nuid } from '@nats-io/transport-node'
import { BackpressureError } from '../../errors.js'
import { eventTypeOf, type PublishOptions } from '../hub-options.js'
import { isPassing, Pause } from './retry.js'
import { ANSWER_MS, EVENT_FIELD, type StreamAccess } from './stream-access.js'

/** Publishes to a stream. */
export class Publisher<T> {
  private readonly access: StreamAccess<T>
  private readonly most: number
  private readonly timeoutMs: number
  private readonly pending: Set<Promise<number>>

  constructor(access: StreamAccess<T>, most: number, timeoutMs: number) {
    this.access = access
    this.most = most
    this.timeoutMs = timeoutMs
    this.pending = new Set()
  }

  /** Publishes the value. Resolves with the sequence of its message; rejects as `NatsHub.publish` does. */
  async publish(data: T, options: PublishOptions = {}): Promise<number> {
    const event = eventTypeOf(options)
    const waiting = this.pending.size
    if (waiting >= this.most) {
      throw new BackpressureError(`${waiting} publications wait for the broker, and no more may`, waiting)
    }
    const fields = headers()
    if (event !== undefined) fields.set(EVENT_FIELD, event)
    const sent = this.send(this.access.codec.encode(data), fields)
    this.pending.add(sent)
    try {
      return await sent
    } finally {
      this.pending.delete(sent)
    }
  }

  /** Resolves when no publication is pending. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.pending)
  }

  private async send(payload: string | Uint8Array, fields: ReturnType<typeof headers>): Promise<number> {
    const { client, stream, subject } = this.access
    const options = { msgID: nuid.next(), headers: fields, timeout: ANSWER_MS, expect: { streamName: stream } }
    const until = Date.now() + this.timeoutMs
    const pause = new Pause()
    for (;;) {
      try {
        return (await client.publish(subject, payload, options)).seq
      } catch (error) {
        if (!isPassing(error) || Date.now() >= until) throw error
        await pause.wait()
      }
    }
  }
}
