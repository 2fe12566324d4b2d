/**
 * Converts the events of connections to the entries of a capture.
 *
 * Strategy: an event only lends its bytes, so they are converted to text within it. A write that the socket does not
 * take at once becomes a `waits` entry only if it takes more than a millisecond: TLS and other streams never take one
 * at once.
 */
import type { ConnectionEvent } from '../runtime/events.js'
import { gathered } from './bytes.js'
import { capturedForm, type CapturedBytes, type CaptureEntry } from './capture-entry.js'
import { FieldMask, FieldNames, REDACTED_FIELDS, replaced, type Redaction } from './redaction.js'

/** An entry without the common fields. */
type Detail = CaptureEntry extends infer E ? E extends CaptureEntry ? Omit<E, 'connection' | 'n' | 'at'> : never : never

/** The state of one recorded connection. */
interface Recorded {
  readonly id: number
  count: number
  readonly input: FieldMask
  readonly output: FieldMask
  /** The write that the socket did not take at once; null if there is none. */
  waiting: { readonly at: number; readonly count: number } | null
}

/** The maximum of bytes in one entry. */
const LINE_BYTES = 256 * 1024

/** Records any number of connections. */
export class Recorder {
  /** The names of the fields that are masked. */
  readonly names: FieldNames
  private readonly replace: Redaction['bytes']
  private readonly write: (entry: CaptureEntry) => void
  private readonly connections: Map<number, Recorded>
  private start: number | null
  /** The time of the last event, which never decreases, although clocks may be set back. */
  private now: number

  constructor({ fields = REDACTED_FIELDS, bytes }: Redaction, write: (entry: CaptureEntry) => void) {
    this.names = new FieldNames(fields)
    this.replace = bytes
    this.write = write
    this.connections = new Map()
    this.start = null
    this.now = 0
  }

  /** Records an event. */
  next(event: ConnectionEvent): void {
    if (event.type === 'handshakeError') return
    this.start ??= event.time
    this.now = Math.max(this.now, event.time - this.start)
    const recorded = this.recordedOf(event)
    if (event.type === 'writeWaits') recorded.waiting ??= { at: this.now, count: event.count }
    else this.nextDetail(recorded, event)
    if (event.type === 'close') this.connections.delete(event.connection)
  }

  private nextDetail(recorded: Recorded, event: ConnectionEvent): void {
    const details = this.detailsOf(recorded, event)
    if (details.length === 0) return
    const { waiting } = recorded
    if (waiting !== null && (waiting.at < this.now || event.type === 'close')) {
      recorded.waiting = null
      this.put(recorded, { type: 'waits', count: waiting.count }, waiting.at)
    }
    if (event.type === 'bytesOut') recorded.waiting = null
    for (const detail of details) this.put(recorded, detail, this.now)
  }

  private detailsOf(recorded: Recorded, event: ConnectionEvent): Detail[] {
    switch (event.type) {
      case 'open': return [{ type: 'open', remoteAddress: event.remoteAddress, isEncrypted: event.isEncrypted }]
      case 'bytesIn': {
        const bytes = recorded.input.mask(event.bytes)
        return this.kept(bytes, 'client').map(kept => ({ type: 'in', ...kept }))
      }
      case 'bytesOut': {
        const bytes = recorded.output.mask(gathered(event.iovecs))
        return this.kept(bytes, 'server').map(kept => ({ type: 'out', ...kept }))
      }
      case 'inputEnd': return [{ type: 'end' }]
      case 'pause': case 'resume': case 'upgrade': return [{ type: event.type }]
      case 'timeout': return [{ type: 'timeout', limit: event.limit }]
      case 'close': return [closeOf(event)]
      default: return []
    }
  }

  /** Splits bytes into entries of bounded length: a large WebSocket message leaves in one write. */
  private kept(bytes: Uint8Array, from: 'client' | 'server'): CapturedBytes[] {
    const whole = replaced(bytes, from, this.replace)
    const count = Math.ceil(whole.length / LINE_BYTES)
    return Array.from({ length: count }, (_, i) => capturedForm(whole.subarray(i * LINE_BYTES, (i + 1) * LINE_BYTES)))
  }

  private put(recorded: Recorded, detail: Detail, at: number): void {
    this.write({ connection: recorded.id, n: recorded.count++, at, ...detail })
  }

  /** Returns the state of a connection. One that was open before the recording has no entry 0. */
  private recordedOf({ connection: id, type }: ConnectionEvent): Recorded {
    const known = this.connections.get(id)
    if (known !== undefined) return known
    const [input, output] = [new FieldMask(this.names), new FieldMask(this.names)]
    const recorded: Recorded = { id, count: type === 'open' ? 0 : 1, input, output, waiting: null }
    this.connections.set(id, recorded)
    return recorded
  }
}

function closeOf({ brokenBy, unwritten }: Extract<ConnectionEvent, { type: 'close' }>): Detail {
  return unwritten > 0 ? { type: 'close', brokenBy, unwritten } : { type: 'close', brokenBy }
}
