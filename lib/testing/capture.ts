/**
 * `capture`: records the byte traffic of one connection as a value, or of a server to a file.
 *
 * Strategy: it subscribes to events, so it works on every connection, in real and in virtual time, on TCP, TLS (the
 * decrypted bytes) and Unix sockets, and after an upgrade to a WebSocket. Its cost to the server is formatting the
 * traffic as lines of text; the server never waits for the disk.
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

/** A server that can be captured: of `serve`, or of a test. */
export interface CapturedServer {
  readonly connections$: Observable<Connection>
  readonly events$: Observable<ConnectionEvent>
}

/** The options of capturing a connection. */
export interface ConnectionCaptureOptions {
  /** The file to which the capture is written when the connection is over. */
  readonly file?: string
  /** What is masked. */
  readonly redact?: Redaction
}

/** The options of capturing a server. */
export interface CaptureOptions {
  /** The current file; older ones have the suffixes `.1`, `.2` and so on. */
  readonly file: string
  /** The maximum size of a file in bytes. Default: 16 MiB; at least 1 MiB. */
  readonly maxFileBytes?: number
  /** The maximum number of files, including the current one. Default: 8. */
  readonly maxFiles?: number
  /** The maximum of bytes queued for the disk. Further entries are dropped and counted. Default: 4 MiB. */
  readonly maxQueueBytes?: number
  /** What is masked. */
  readonly redact?: Redaction
  /** Called when the disk fails: once until it works again. */
  readonly onError?: (error: unknown) => void
}

/** A recording, which runs until the server or the recording is closed. */
export interface Recording extends AsyncDisposable {
  /** What did not reach the disk because it was too slow or failed. */
  readonly dropped: Readonly<Dropped>
  /** Fulfilled when the recording is over and everything is written. */
  readonly closed: Promise<void>
  /** Ends the recording. Returns {@link closed}. */
  close(): Promise<void>
}

/**
 * Records the connection from now on; a capture that is to be replayed must start when it is accepted. Emits the
 * capture and completes when the connection is over, after writing the file if one is given.
 *
 * @example
 * server.connections$.subscribe(connection => capture(connection, 'traffic.ndjson'))
 */
export function capture(connection: Connection, options?: string | ConnectionCaptureOptions): Observable<Capture>
/**
 * Records all connections of a server to rotating files. Entries for which the disk is too slow are dropped and
 * counted: the server never waits, and queues at most `maxQueueBytes`.
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

/** The smallest file size: the longest line must fit. */
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
  // `dropped` shows the failure.
}
