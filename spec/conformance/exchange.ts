/**
 * One case, run: a client's bytes through a `ServerConnection`, and the log of the result.
 */
import { expect } from '@jest/globals'
import type { Config } from '../../lib/connection/config.js'
import { defaultErrorHandler } from '../../lib/connection/error-handler.js'
import { ServerConnection } from '../../lib/connection/server-connection.js'
import { RemoteProtocolError } from '../../lib/errors.js'
import type { Request } from '../../lib/message/request.js'
import type { Subject } from '../helpers/splits.js'
import { fieldOf, readAnswers, type Answer } from './answers.js'
import type { Case } from './case-file.js'
import { HANDLERS } from './handlers.js'

const LIMITS = ['maxHeaderSize', 'maxHeadersCount', 'drainLimit', 'writeBufferSize'] as const satisfies (keyof Config)[]
const WORDS = ['', 'eof', 'fields', 'full', 'reply', 'scheme', 'status', ...LIMITS]

/** The connection of a case, as a subject of `inEveryCut`: its result is the log. */
export class Exchange implements Subject<string> {
  /** The whole input is offered, even if the connection ends before. */
  readonly isDone = false
  private readonly options: Case['options']
  private readonly connection: ServerConnection
  private readonly lines: string[] = []
  private readonly requests: (Request | null)[] = []
  private output = ''
  private state = ''

  constructor({ options }: Case) {
    expect(WORDS).toEqual(expect.arrayContaining(Object.keys(options)))
    const handler = HANDLERS[options['reply'] ?? 'read']
    this.options = options
    this.connection = ServerConnection.create(reqd => {
      this.noteRequest(reqd.request)
      handler(reqd, line => this.lines.push(line), Number(options['status'] ?? 200))
    }, {
      config: configOf(options),
      errorHandler: (error, startResponse, request) => {
        this.noteError(error, request ?? null)
        defaultErrorHandler(error, startResponse, request)
      },
    })
  }

  get result(): string {
    const methods = this.requests.map(request => request?.method ?? '')
    const answers = readAnswers(this.output, methods).flatMap(answer => this.describe(answer))
    return [...this.lines, ...answers, this.state].join('\n')
  }

  read(bytes: Uint8Array, off: number, end: number): number {
    let p = off
    for (let before = -1; p !== before && this.connection.nextReadOperation() === 'read';) {
      before = p
      p += this.connection.read(bytes, p, end - p)
      this.write()
    }
    return this.connection.nextReadOperation() === 'close' ? end - off : p - off
  }

  readEof(bytes: Uint8Array, off: number, end: number): number {
    const rest = String.fromCharCode(...bytes.subarray(off, end))
    if (this.connection.isUpgrade && rest !== '') this.lines.push(`rest ${JSON.stringify(rest)}`)
    const consumed = 'eof' in this.options ? this.end(bytes, off, end) : 0
    this.state = this.describeState()
    return consumed
  }

  private end(bytes: Uint8Array, off: number, end: number): number {
    let p = off
    for (let before = -1; p !== before && this.connection.nextReadOperation() === 'read';) {
      before = p
      p += this.connection.readEof(bytes, p, end - p)
      this.write()
    }
    return p - off
  }

  private describeState(): string {
    if (this.connection.isUpgrade) return 'upgrade'
    return this.connection.isClosed ? 'closed' : this.connection.nextReadOperation() === 'read' ? 'open' : 'waiting'
  }

  private write(): void {
    for (;;) {
      const operation = this.connection.nextWriteOperation()
      if (operation.type !== 'write') return
      const { buffer, off, len } = operation.iovecs[0]
      this.output += String.fromCharCode(...buffer.subarray(off, off + len))
      this.connection.reportWriteResult({ type: 'ok', count: len })
    }
  }

  private noteRequest(request: Request): void {
    this.requests.push(request)
    this.lines.push(`${request.method} ${request.target} ${request.version.toString()}`)
    if ('fields' in this.options) for (const [name, value] of request.headers) this.lines.push(`  ${name}: ${value}`)
  }

  private noteError(error: unknown, request: Request | null): void {
    if (request === null || !this.requests.includes(request)) this.requests.push(request)
    this.lines.push(error instanceof RemoteProtocolError ? `error ${error.code}, ${error.section}` : String(error))
  }

  private describe(answer: Answer): string[] {
    const isLast = fieldOf(answer, 'connection')?.includes('close') ?? false
    if (!('full' in this.options)) return [`answer ${answer.status}${isLast ? ', close' : ''}`]
    return [`answer ${answer.status}`, ...answer.fields.map(field => `  ${field}`), `  ${JSON.stringify(answer.body)}`]
  }
}

function configOf(options: Case['options']): Partial<Config> {
  const scheme = (options['scheme'] ?? 'http') as 'http' | 'https' | 'any'
  const limits: Partial<Config> = Object.fromEntries(
    LIMITS.filter(name => name in options).map(name => [name, Number(options[name])]))
  return { ...limits, scheme: scheme === 'any' ? null : scheme }
}
