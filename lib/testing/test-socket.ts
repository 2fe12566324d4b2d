/**
 * The socket of an upgraded connection in a test. It behaves like a Node socket for code that writes, listens for
 * `data`, `end`, `close` and `error`, and pauses. Unlike Node's streams it is synchronous, so it works in virtual time.
 */
import type { IOVec } from '../buffer/iovec.js'
import type { Received, SocketWatcher } from '../runtime/transport.js'
import { bytesOf, joined } from './bytes.js'

type Listener = (...values: unknown[]) => void
type Callback = (error?: Error | null) => void

/** The transport under the socket. */
export interface Wire {
  write(iovecs: readonly IOVec[], writer: { written(): void }): boolean
  end(): void
  destroy(isReset: boolean): void
  pause(): void
  resume(): void
  /** Puts bytes back in front of the unread input. */
  unread(bytes: Uint8Array): void
  listen(observer: { next(received: Received): void; complete(): void; error(error: unknown): void }): void
}

/** Receives the end and the traffic of the socket. */
interface SocketHost {
  closed(): void
  readonly watcher: SocketWatcher | null
}

/** The part of a Node socket that protocols on top of it use. */
export class TestSocket {
  readonly remoteAddress: string
  readableFlowing: boolean | null
  destroyed: boolean
  readonly _readableState: { endEmitted: boolean }
  readonly _writableState: { length: number; finished: boolean; errorEmitted: boolean; needDrain: boolean }
  private readonly wire: Wire
  private readonly host: SocketHost
  private readonly listeners: Map<string, Listener[]>
  private readonly queue: { bytes: Uint8Array; callbacks: Callback[] }[]
  private corks: number
  private isWriting: boolean
  private isEnding: boolean

  constructor(wire: Wire, remoteAddress: string, host: SocketHost) {
    this.remoteAddress = remoteAddress
    this.readableFlowing = null
    this.destroyed = false
    this._readableState = { endEmitted: false }
    this._writableState = { length: 0, finished: false, errorEmitted: false, needDrain: false }
    this.wire = wire
    this.host = host
    this.listeners = new Map()
    this.queue = []
    this.corks = 0
    this.isWriting = false
    this.isEnding = false
    wire.listen({
      next: ({ bytes }) => {
        host.watcher?.bytesIn(bytes)
        this.emit('data', typeof Buffer === 'undefined' ? bytes : Buffer.from(bytes))
      },
      complete: () => {
        host.watcher?.inputEnded()
        this._readableState.endEmitted = true
        this.emit('end')
        if (this._writableState.finished) this.destroy()
      },
      error: error => {
        this.emit('error', error)
        this.closed()
      },
    })
  }

  get readable(): boolean {
    return !this._readableState.endEmitted && !this.destroyed
  }

  get writable(): boolean {
    return !this.isEnding && !this.destroyed
  }

  get writableLength(): number {
    return this._writableState.length
  }

  get writableNeedDrain(): boolean {
    return this._writableState.needDrain
  }

  on(event: string, listener: Listener): this {
    this.listeners.set(event, [...this.listeners.get(event) ?? [], listener])
    if (event === 'data' && this.readableFlowing === null) this.resume()
    return this
  }

  once(event: string, listener: Listener): this {
    const wrapped: Listener = (...values) => {
      this.off(event, wrapped)
      listener(...values)
    }
    return this.on(event, Object.assign(wrapped, { listener }))
  }

  off(event: string, listener: Listener): this {
    const isIt = (one: Listener): boolean => one === listener || (one as { listener?: Listener }).listener === listener
    this.listeners.set(event, (this.listeners.get(event) ?? []).filter(one => !isIt(one)))
    return this
  }

  addListener(event: string, listener: Listener): this {
    return this.on(event, listener)
  }

  removeListener(event: string, listener: Listener): this {
    return this.off(event, listener)
  }

  listenerCount(event: string): number {
    return this.listeners.get(event)?.length ?? 0
  }

  emit(event: string, ...values: unknown[]): boolean {
    const listeners = this.listeners.get(event) ?? []
    for (const listener of listeners) listener.apply(this, values)
    return listeners.length > 0
  }

  /** Returns whether the client read everything at once. */
  write(chunk: string | Uint8Array, encoding?: string | Callback, callback?: Callback): boolean {
    const done = typeof encoding === 'function' ? encoding : callback
    if (!this.writable) {
      done?.(new Error('write after end'))
      return false
    }
    const bytes = bytesOf(chunk)
    this.queue.push({ bytes, callbacks: done === undefined ? [] : [done] })
    this._writableState.length += bytes.length
    this.flush()
    this._writableState.needDrain = this.corks === 0 && this._writableState.length > 0
    return this._writableState.length === 0
  }

  cork(): void {
    this.corks++
  }

  uncork(): void {
    this.corks = Math.max(0, this.corks - 1)
    this.flush()
  }

  end(chunk?: string | Uint8Array | Callback, callback?: Callback): this {
    if (typeof chunk === 'string' || chunk instanceof Uint8Array) this.write(chunk)
    this.isEnding = true
    this.flush()
    const done = typeof chunk === 'function' ? chunk : callback
    if (done === undefined) return this
    if (this._writableState.finished) done()
    else this.once('finish', () => { done() })
    return this
  }

  destroy(error?: Error): this {
    if (this.destroyed) return this
    if (error !== undefined) this.emit('error', error)
    this.wire.destroy(error !== undefined)
    this.closed()
    return this
  }

  pause(): this {
    if (this.readableFlowing !== false) this.wire.pause()
    this.readableFlowing = false
    return this
  }

  resume(): this {
    if (this.readableFlowing !== true) this.wire.resume()
    this.readableFlowing = true
    return this
  }

  unshift(bytes: Uint8Array): void {
    this.wire.unread(bytes)
  }

  setTimeout(): this {
    return this
  }

  setNoDelay(): this {
    return this
  }

  setKeepAlive(): this {
    return this
  }

  /** The connection is over. */
  closed(): void {
    if (this.destroyed) return
    this.destroyed = true
    this.emit('close', false)
    this.host.closed()
  }

  private flush(): void {
    if (this.isWriting || this.corks > 0 || this.destroyed) return
    if (this.queue.length > 0) return this.writeQueue()
    if (!this.isEnding || this._writableState.finished) return
    this._writableState.finished = true
    this.wire.end()
    this.emit('finish')
    if (this._readableState.endEmitted) this.destroy()
  }

  private writeQueue(): void {
    const entries = this.queue.splice(0)
    const buffer = joined(entries.map(entry => entry.bytes))
    const { watcher } = this.host
    const written = (): void => {
      watcher?.bytesOut(buffer)
      this.written(entries.flatMap(entry => entry.callbacks), buffer.length)
    }
    this.isWriting = true
    if (this.wire.write([{ buffer, off: 0, len: buffer.length }], { written })) written()
  }

  private written(callbacks: readonly Callback[], count: number): void {
    this.isWriting = false
    this._writableState.length -= count
    for (const callback of callbacks) callback(null)
    this.flush()
    if (!this._writableState.needDrain || this._writableState.length > 0) return
    this._writableState.needDrain = false
    this.emit('drain')
  }
}
