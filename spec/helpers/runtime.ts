/**
 * A test double of the two loops that drive a connection, in the manner of http/af's: each method is one step of a
 * loop, and demands that the connection asks for that step. A spec that uses it reads as the transcript of a
 * connection.
 */
import { expect } from '@jest/globals'
import { IOVec } from '../../lib/buffer/iovec.js'
import { Headers } from '../../lib/message/headers.js'
import type { Request } from '../../lib/message/request.js'
import { Response } from '../../lib/message/response.js'
import type { BodyWriter } from '../../lib/connection/body-writer.js'
import type { ErrorHandler } from '../../lib/connection/error-handler.js'
import type { Reqd, StreamingOptions } from '../../lib/connection/reqd.js'
import { ServerConnection } from '../../lib/connection/server-connection.js'
import type { ServerConnectionOptions } from '../../lib/connection/server-connection-options.js'
import { latin1 } from './splits.js'

/** The text of a head, with Host unless the fields have one. */
export function head(requestLine: string, ...fields: string[]): string {
  const all = fields.some(field => /^host:/i.test(field)) ? fields : ['Host: a', ...fields]
  return [requestLine, ...all, '', ''].join('\r\n')
}

/** The text of a GET in HTTP/1.1. */
export function get(target: string, ...fields: string[]): string {
  return head(`GET ${target} HTTP/1.1`, ...fields)
}

/** The text of a POST with Content-Length. */
export function post(body: string, ...fields: string[]): string {
  return head('POST / HTTP/1.1', `Content-Length: ${body.length}`, ...fields) + body
}

/** The head of a POST in chunks. */
export function postChunks(...fields: string[]): string {
  return head('POST / HTTP/1.1', 'Transfer-Encoding: chunked', ...fields)
}

/** The text of a response: status line, fields, body. */
export function response(status: string, fields: readonly string[], body = ''): string {
  return [`HTTP/1.1 ${status}`, ...fields, '', ''].join('\r\n') + body
}

/** The text of a 200 with Content-Length. */
export function ok(body: string, ...fields: string[]): string {
  return response('200 OK', [`Content-Length: ${body.length}`, ...fields], body)
}

/** The text of the default answer to an error. */
export function errorResponse(status: string, body = `${status.slice(4)}\n`): string {
  const length = status.length - 3
  return response(status,
    ['Content-Type: text/plain; charset=utf-8', `Content-Length: ${length}`, 'Connection: close'], body)
}

/** A response as a value. */
export function responding(status: number, ...fields: [string, string][]): Response {
  return Response.create(status, { headers: Headers.ofList(fields) })
}

/** A handler that answers everything with the request's target. */
export function echoTarget(reqd: Reqd): void {
  reqd.respondWithString(responding(200), reqd.request.target)
}

/** The text of the bytes that iovecs cover. */
export function textOf(iovecs: readonly IOVec[]): string {
  return iovecs.map(iovec => Buffer.from(IOVec.view(iovec)).toString('latin1')).join('')
}

/** Returns the exception of a call; null if there is none. */
export function thrownBy(call: () => unknown): unknown {
  try {
    call()
    return null
  } catch (error) {
    return error
  }
}

/** A connection, and the loops that drive it step by step. */
export class Runtime {
  readonly connection: ServerConnection
  /** The requests that came to the handler. */
  readonly reqds: Reqd[] = []
  private readerState: 'running' | 'yielded' | 'woken' = 'running'
  private writerState: 'running' | 'yielded' | 'woken' = 'running'

  constructor(handler: (reqd: Reqd) => void | PromiseLike<void> = () => {}, options?: ServerConnectionOptions) {
    this.connection = ServerConnection.create(reqd => {
      this.reqds.push(reqd)
      return handler(reqd)
    }, options)
  }

  /** The last request. */
  get reqd(): Reqd {
    return this.reqds[this.reqds.length - 1]
  }

  /** The reader is asked to read, and takes all of the text. */
  readString(text: string): void {
    expect(this.offer(text)).toBe(text.length)
  }

  /** The reader is asked to read, and takes part of the text. Returns how much. */
  offer(text: string): number {
    this.readerReady()
    return this.connection.read(latin1(text), 0, text.length)
  }

  /** The input ends with the text. Returns how much was taken. */
  readEof(text = ''): number {
    return this.connection.readEof(latin1(text), 0, text.length)
  }

  /** The reader is asked to read. */
  readerReady(): void {
    expect(this.connection.nextReadOperation()).toBe('read')
    this.readerState = 'running'
  }

  /** The reader is asked to wait, and waits. */
  readerYielded(): void {
    expect(this.connection.nextReadOperation()).toBe('yield')
    this.readerState = 'yielded'
    this.connection.yieldReader(() => { this.readerState = 'woken' })
    expect(this.readerState).toBe('yielded')
  }

  /** The reader that waited was called. */
  readerWoken(): void {
    expect(this.readerState).toBe('woken')
  }

  /** The reader that waits was not called. */
  readerAsleep(): void {
    expect(this.readerState).toBe('yielded')
  }

  /** The reader is asked to stop. */
  readerClosed(): void {
    expect(this.connection.nextReadOperation()).toBe('close')
  }

  /** The writer is asked to wait, and waits. */
  writerYielded(): void {
    expect(this.connection.nextWriteOperation()).toEqual({ type: 'yield' })
    this.writerState = 'yielded'
    this.connection.yieldWriter(() => { this.writerState = 'woken' })
    expect(this.writerState).toBe('yielded')
  }

  /** The writer that waited was called. */
  writerWoken(): void {
    expect(this.writerState).toBe('woken')
  }

  /** The writer that waits was not called. */
  writerAsleep(): void {
    expect(this.writerState).toBe('yielded')
  }

  /** The text that the writer is asked to write, '' where there is none. */
  get pendingText(): string {
    const operation = this.connection.nextWriteOperation()
    return operation.type === 'write' ? textOf(operation.iovecs) : ''
  }

  /** The writer is asked to write exactly this text, and writes it. */
  writeResponse(text: string): void {
    expect(this.pendingText).toBe(text)
    this.connection.reportWriteResult({ type: 'ok', count: text.length })
  }

  /** The writer is asked to write this text at least, and writes that much. */
  writePartially(text: string): void {
    expect(this.pendingText.slice(0, text.length)).toBe(text)
    this.connection.reportWriteResult({ type: 'ok', count: text.length })
  }

  /** The writer writes whatever it is asked to. Returns it. */
  writeAll(): string {
    const text = this.pendingText
    this.connection.reportWriteResult({ type: 'ok', count: text.length })
    return text
  }

  /** The writer finds that the peer takes no more. */
  writeFails(): void {
    this.connection.reportWriteResult({ type: 'closed' })
  }

  /** The writer is asked to stop, and that many bytes were never written. */
  writerClosed(undelivered = 0, mustReset = false): void {
    expect(this.connection.nextWriteOperation()).toEqual({ type: 'close', undelivered, mustReset })
  }

  /** Both loops are asked to stop, and nothing is left. */
  connectionIsShutdown(undelivered = 0, mustReset = false): void {
    this.readerClosed()
    this.writerClosed(undelivered, mustReset)
    expect(this.connection.isClosed).toBe(true)
  }

  /** Both loops are asked to leave the transport to the other protocol. */
  connectionIsUpgraded(): void {
    expect(this.connection.nextWriteOperation()).toEqual({ type: 'upgrade' })
    expect(this.connection.nextReadOperation()).toBe('upgrade')
  }

  /** The connection waits for the next request. */
  connectionIsIdle(): void {
    this.readerReady()
    this.writerYieldsNow()
    expect(this.connection.isClosed).toBe(false)
    expect(this.connection.isHandling).toBe(false)
  }

  /** The writer is asked to wait. */
  writerYieldsNow(): void {
    expect(this.connection.nextWriteOperation()).toEqual({ type: 'yield' })
  }
}

/** A connection whose request has a streamed response. */
export function streaming(options?: StreamingOptions, ...fields: [string, string][]): [Runtime, BodyWriter] {
  const runtime = new Runtime()
  runtime.readString(get('/'))
  return [runtime, runtime.reqd.respondWithStreaming(responding(200, ...fields), options)]
}

/** The arguments of an error handler. */
export interface ErrorCall {
  readonly error: unknown
  readonly request: Request | undefined
  readonly startResponse: (headers: Headers) => BodyWriter
}

/** A runtime whose error handler keeps its arguments, to answer later. */
export function withPendingErrorHandler(handler?: (reqd: Reqd) => void): { runtime: Runtime; calls: ErrorCall[] } {
  const calls: ErrorCall[] = []
  const errorHandler: ErrorHandler = (error, startResponse, request) => {
    calls.push({ error, startResponse, request })
  }
  return { runtime: new Runtime(handler, { errorHandler }), calls }
}

/** The log of a body that is read: its text as it arrived, then its end. */
export interface BodyLog {
  readonly events: string[]
}

/** Reads the body of a request to its end, and logs it. */
export function readBody(reqd: Reqd): BodyLog {
  const events: string[] = []
  const readOn = (): void => {
    reqd.requestBody.scheduleRead({
      onRead: bytes => {
        events.push(Buffer.from(bytes).toString('latin1'))
        if (!reqd.requestBody.isClosed) readOn()
      },
      onEof: () => { events.push('eof') },
      onError: error => { events.push(`failed: ${nameOf(error)}`) },
    })
  }
  readOn()
  return { events }
}

/** Reads the next bytes of the body of a request, once, and logs them. */
export function readOnce(reqd: Reqd, events: string[]): void {
  reqd.requestBody.scheduleRead({
    onRead: bytes => { events.push(Buffer.from(bytes).toString('latin1')) },
    onEof: () => { events.push('eof') },
    onError: error => { events.push(`failed: ${nameOf(error)}`) },
  })
}

/** The code of one of our errors, else its text. */
export function nameOf(error: unknown): string {
  const { code } = error as { code?: string }
  return code ?? String(error)
}
