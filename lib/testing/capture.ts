/**
 * `capture`: the byte traffic of connections, recorded: of one connection as a value, of a server to a file.
 *
 * Strategy: it is a listener of events, so it works on every connection, in real and in virtual time, on TCP, TLS (the
 * plain bytes within) and Unix sockets, and behind the upgrade to a WebSocket. To the server it costs what it costs to
 * make a line of text of what comes and goes; the disk is never waited for.
 */
import { ReplaySubject, Subscription, type Observable } from 'rxjs'
import { checkOptions, LONGEST_TIME } from '../connection/option-check.js'
import type { Connection } from '../reactive/http-connection.js'
import type { ConnectionEvent } from '../runtime/events.js'
import { CAPTURE_VERSION, type Capture, type CaptureEntry } from './capture-entry.js'
import { writeCapture } from './capture-file.js'
import { CaptureLog, type Dropped } from './capture-log.js'
import { captureHead } from './capture-text.js'
import { Recorder } from './recorder.js'
import type { Redaction } from './redaction.js'

/** A server, of `serve` or of a test. */
export interface CapturedServer {
  readonly connections$: Observable<Connection>
  readonly events$: Observable<ConnectionEvent>
}

/** How a connection is recorded. */
export interface ConnectionCaptureOptions {
  /** Where the capture is written to when the connection is over. */
  readonly file?: string
  /** What is kept out of it. */
  readonly redact?: Redaction
}

/** How a server is recorded. */
export interface CaptureOptions {
  /** The file that is written; older ones have `.1`, `.2` and so on behind their names. */
  readonly file: string
  /** As large a file becomes: 16 MiB. At least 1 MiB. */
  readonly maxFileBytes?: number
  /** So many files there are at most, the current one included: 8. */
  readonly maxFiles?: number
  /** So much waits for the disk at most: 4 MiB. What does not fit is dropped and counted. */
  readonly maxQueueBytes?: number
  /** What is kept out of it. */
  readonly redact?: Redaction
  /** Hears of it when the disk fails: once, until it works again. */
  readonly onError?: (error: unknown) => void
}

/** A recording that goes on until the server is closed, or this is. */
export interface Recording extends AsyncDisposable {
  /** How much did not reach the disk, because it was too slow or failed. */
  readonly dropped: Readonly<Dropped>
  /** Fulfilled when the recording is over, and everything is on the disk. */
  readonly closed: Promise<void>
  /** Ends the recording. Returns {@link closed}. */
  close(): Promise<void>
}

/**
 * Records the connection from now on, best where it was just accepted. Emits the capture, and completes, when the
 * connection is over; then it was written to the file, where one is given.
 *
 * @example
 * server.connections$.subscribe(connection => capture(connection, 'traffic.ndjson'))
 */
export function capture(connection: Connection, options?: string | ConnectionCaptureOptions): Observable<Capture>
/**
 * Records all connections of a server to a file, which rotates. What a disk is too slow for is dropped and counted: the
 * server never waits, and holds no more than `maxQueueBytes` for it.
 *
 * @example
 * const recording = capture(server, { file: 'traffic.ndjson' })
 * @throws {@link LocalProtocolError} badRange
 */
export function capture(server: CapturedServer, options: CaptureOptions): Recording
export function capture(
  source: Connection | CapturedServer, options: string | ConnectionCaptureOptions | CaptureOptions = {},
): Observable<Capture> | Recording {
  if ('connections$' in source) return new ServerRecording(source, options as CaptureOptions)
  return captureConnection(source, typeof options === 'string' ? { file: options } : options)
}

function captureConnection(
  connection: Connection, { file, redact = {} }: ConnectionCaptureOptions,
): Observable<Capture> {
  const captured = new ReplaySubject<Capture>(1)
  const entries: CaptureEntry[] = []
  const recorder = new Recorder(redact, entry => { entries.push(entry) })
  connection.events$.subscribe({
    next: event => { recorder.next(event) },
    complete: () => {
      const { list } = recorder.names
      const result: Capture = { format: 'httprx-capture', version: CAPTURE_VERSION, redacted: list, entries }
      if (file !== undefined) writeCapture(file, result)
      captured.next(result)
      captured.complete()
    },
  })
  return captured.asObservable()
}

/** The smallest file holds the longest line. */
const LEAST_FILE = 1024 * 1024
const RANGES = {
  maxFileBytes: { least: LEAST_FILE, most: Number.MAX_SAFE_INTEGER, isOpen: true },
  maxFiles: { least: 1, most: 1_000, isOpen: false },
  maxQueueBytes: { least: 1, most: LONGEST_TIME, isOpen: false },
}

class ServerRecording implements Recording {
  readonly dropped: Readonly<Dropped>
  readonly closed: Promise<void>
  private readonly end: () => void

  constructor(server: CapturedServer, options: CaptureOptions) {
    checkOptions(options, RANGES)
    const { file, redact = {}, maxFileBytes = 16 * LEAST_FILE, maxFiles = 8, maxQueueBytes = 4 * LEAST_FILE } = options
    const onError = options.onError ?? ignore
    const recorder = new Recorder(redact, entry => { log.add(`${JSON.stringify(entry)}\n`) })
    const started = new Date().toISOString()
    const log = new CaptureLog({ file, maxFileBytes, maxFiles, maxQueueBytes, onError }, part => {
      return captureHead({ redacted: recorder.names.list, started, part })
    })
    this.dropped = log.dropped
    const subscription = new Subscription()
    let end!: () => void
    this.closed = new Promise<void>(resolve => { end = resolve }).then(() => log.close())
    this.end = () => {
      subscription.unsubscribe()
      end()
    }
    subscription.add(server.events$.subscribe({ next: event => { recorder.next(event) }, complete: end }))
  }

  close(): Promise<void> {
    this.end()
    return this.closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

function ignore(): void {
  // The count of what was dropped says so.
}
