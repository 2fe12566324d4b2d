/**
 * One case over real sockets: a client sends its bytes to a server of the whole library, on whatever runtime this runs.
 * What the handlers saw, and what the client got, must be what the log of the case says.
 *
 * It uses nothing of a test runner: spec/programs/conformance.ts runs it on Bun and Deno.
 */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect as connectTcp, type AddressInfo, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import {
  Headers, Response, serve, type HandlerResult, type ListenOptions, type Reqd, type Request, type Server,
} from 'httprx'
import { defaultErrorHandler, isUpgradeRequest } from 'httprx/core'
import { fieldOf, readAnswers } from './answers.js'
import type { Case } from './case-file.js'

const LIMITS = ['maxHeaderSize', 'maxHeadersCount', 'drainLimit', 'writeBufferSize'] as const

/** Which lines of a log are seen from outside: requests, bodies, trailers and answers. */
const OUTSIDE = /^(?:[^ ]+ [^ ]+ HTTP\/|body |trailer |answer )/

/** What a case says, and what was seen: the same, if the server is right. */
export interface Seen {
  readonly expected: readonly string[]
  readonly actual: readonly string[]
}

/** Runs a case against a server of its own. It ends when everything came that the log names, or the connection ends. */
export async function overTcp(example: Case): Promise<Seen> {
  const expected = example.log.split('\n').filter(line => OUTSIDE.test(line))
  const run = new Run(example, expected.length)
  await run.server.listening
  try {
    return { expected: inOrder(expected), actual: inOrder(await run.lines()) }
  } finally {
    await run.server.close({ graceMs: 0 })
  }
}

/**
 * Requests, bodies, answers, each in their order: which comes first depends on the sockets. A handler that throws ends
 * the connection of a core; `serve` goes on with it where it can.
 */
function inOrder(lines: readonly string[]): string[] {
  const kinds = [/ HTTP\//, /^(?:body|trailer) /, /^answer /]
  const sorted = kinds.flatMap(kind => lines.filter(line => kind.test(line)))
  return sorted.map(line => line.replace(/^(answer 500.*), close/, '$1'))
}

class Run {
  readonly server: Server
  private readonly example: Case
  private readonly count: number
  private readonly seen: string[] = []
  /** What was handled or refused; null where a request was not understood. */
  private readonly requests: (Request | null)[] = []
  private received = ''
  private check: () => void = () => undefined

  constructor(example: Case, count: number) {
    this.example = example
    this.count = count
    const handler = HANDLERS[example.options['reply'] ?? 'read']
    const status = Number(example.options['status'] ?? 200)
    this.server = serve(reqd => {
      this.requests.push(reqd.request)
      this.note(`${reqd.method} ${reqd.target} ${reqd.request.version.toString()}`)
      return handler(reqd, line => { this.note(line) }, status)
    }, {
      ...optionsOf(example),
      onError: () => undefined,
      errorHandler: (error, startResponse, request) => {
        if (!this.requests.includes(request ?? null)) this.requests.push(request ?? null)
        defaultErrorHandler(error, startResponse, request)
      },
    })
  }

  /** What was seen once it is as much as the log has, and the connection has ended where the log says so. */
  async lines(): Promise<string[]> {
    const socket = await this.connected()
    const ended = new Promise<void>(resolve => { socket.on('close', resolve).on('end', resolve) })
    socket.on('error', () => undefined).on('data', (bytes: Buffer) => {
      this.received += bytes.toString('latin1')
      this.check()
    })
    const isThere = new Promise<void>(resolve => {
      this.check = () => { if (this.all().length >= this.count) resolve() }
    })
    socket.write(this.example.input, 'latin1')
    if ('eof' in this.example.options) socket.end()
    this.check()
    await Promise.race([ended, isThere])
    if (this.answers().at(-1)?.isLast === true) await ended
    socket.destroy()
    return this.all()
  }

  private async connected(): Promise<Socket> {
    const { port } = this.server.address as AddressInfo
    const place = { port, host: '127.0.0.1', allowHalfOpen: true }
    const isSecure = this.example.options['scheme'] === 'https'
    const socket = isSecure ? connectTls({ ...place, rejectUnauthorized: false }) : connectTcp(place)
    await once(socket, isSecure ? 'secureConnect' : 'connect')
    return socket
  }

  private note(line: string): void {
    this.seen.push(line)
    this.check()
  }

  private all(): string[] {
    // With `full`, the log has `close` among the fields.
    const isShort = !('full' in this.example.options)
    const answers = this.answers().map(({ status, isLast }) => `answer ${status}${isLast && isShort ? ', close' : ''}`)
    return [...this.seen, ...answers]
  }

  /** The answers that have come whole. */
  private answers(): { readonly status: string; readonly isLast: boolean }[] {
    try {
      return readAnswers(this.received, this.requests.map(request => request?.method ?? '')).map(answer => {
        return { status: answer.status, isLast: fieldOf(answer, 'connection')?.includes('close') ?? false }
      })
    } catch {
      return []
    }
  }
}

function optionsOf({ options }: Case): ListenOptions {
  const limits = LIMITS.filter(name => name in options).map(name => [name, Number(options[name])])
  const { scheme } = options
  return {
    host: '127.0.0.1',
    // A client that ends its side after its last request waits for its answers.
    allowHalfOpen: true,
    ...Object.fromEntries(limits) as Partial<ListenOptions>,
    ...(scheme === 'any' ? { trustProxy: true } : {}),
    ...(scheme === 'https' ? { tls: { key: pem('key'), cert: pem('cert') } } : {}),
  }
}

function pem(name: string): Buffer {
  return readFileSync(`demos/tls/${name}.pem`)
}

type CaseHandler = (reqd: Reqd, log: (line: string) => void, status: number) => HandlerResult

/** As the handlers of the core's cases (handlers.ts), for `serve`. */
const HANDLERS: Readonly<Record<string, CaseHandler>> = {
  async read(reqd, log, status) {
    await readBody(reqd, log)
    return { status, body: 'ok' }
  },
  unread: (_reqd, _log, status) => ({ status, body: 'ok' }),
  unwanted(reqd, _log, status) {
    reqd.requestBody.close()
    return { status, body: 'ok' }
  },
  early(reqd, log, status) {
    void readBody(reqd, log).catch(() => undefined)
    return { status, body: 'ok' }
  },
  async stream(reqd, log, status) {
    await readBody(reqd, log)
    return { status, body: ['o', 'k'] }
  },
  async begin(reqd, log, status) {
    reqd.respondWithStreaming(Response.create(status)).write('o')
    await readBody(reqd, log)
  },
  async close(reqd, log, status) {
    await readBody(reqd, log)
    return { status, headers: { Connection: 'close' }, body: 'ok' }
  },
  upgrade,
  offered(reqd, _log, status) {
    if (!isUpgradeRequest(reqd.request)) return { status, body: 'ok' }
    upgrade(reqd)
    return undefined
  },
  inform(reqd, _log, status) {
    reqd.inform(103, { Link: '</a>' })
    return { status, body: 'ok' }
  },
  silent() {},
  throw() {
    throw new Error('the handler failed')
  },
}

function upgrade(reqd: Reqd): void {
  const headers = reqd.method === 'CONNECT' ? Headers.empty : Headers.of({ Upgrade: 'echo' })
  reqd.respondWithUpgrade(headers, socket => { (socket as Socket).on('error', () => undefined).resume() })
}

/** Reads a body to its end, and says what came. */
async function readBody(reqd: Reqd, log: (line: string) => void): Promise<void> {
  let text = ''
  try {
    for await (const bytes of reqd.body) text += Buffer.from(bytes).toString('latin1')
  } catch (error) {
    log(`body ${JSON.stringify(text)} failed: ${(error as { code?: string }).code ?? String(error)}`)
    throw error
  }
  if (text !== '') log(`body ${JSON.stringify(text)}`)
  for (const [name, value] of reqd.body.trailers ?? []) log(`trailer ${name}: ${value}`)
}
