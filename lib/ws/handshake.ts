/**
 * The opening handshake: whether a request is one, and whether it is accepted.
 *
 * Strategy: the request is checked here, before the connection is handed over, so that a refusal is a response as any
 * other and the connection goes on.
 */
import { createHash } from 'node:crypto'
import { isToken } from '../field-syntax.js'
import { requestBodyLength } from '../message/body-length.js'
import type { Headers } from '../message/headers.js'
import { listIncludes, trimBlanks } from '../message/list-value.js'
import { isUpgradeRequest } from '../message/persistence.js'
import type { Request } from '../message/request.js'
import type { Reply } from '../reactive/reply.js'
import { agree, type Agreement } from './compression.js'
import { settingsOf, type Settings, type WebSocketOptions } from './web-socket-options.js'

/** An accepted handshake, as far as the response needs it. */
export interface Handshake {
  readonly type: 'accepted'
  readonly key: string
  /** The subprotocol that was chosen, '' if none was. */
  readonly protocol: string
  /** The compression that both sides agreed on; null where messages are not compressed. */
  readonly agreement: Agreement | null
}

/** The response to a request that is not upgraded. */
export interface Refusal {
  readonly type: 'refused'
  readonly reply: Reply
}

// RFC 6455 §4.1: 16 bytes in base64.
const KEY = /^[A-Za-z0-9+/]{22}==$/
const VERSION = '13'

/**
 * Returns the handshake, or the response that refuses it: 400, where the request is not a handshake; 426, where it has
 * another version; 403, where its origin is not allowed.
 *
 * @see RFC 6455 §4.2
 */
export function handshakeOf(
  request: Request, options: WebSocketOptions, settings: Settings = settingsOf(options),
): Handshake | Refusal {
  if (!isHandshake(request)) return refused(400, 'This is not a WebSocket handshake.')
  const { headers } = request
  const version = headers.get('sec-websocket-version')
  if (version !== null && version !== VERSION) return otherVersion()
  const keys = headers.getMulti('sec-websocket-key')
  if (version === null || keys.length !== 1 || !KEY.test(keys[0])) {
    return refused(400, 'Sec-WebSocket-Key and Sec-WebSocket-Version are needed.')
  }
  const offered = membersOf(headers.getMulti('sec-websocket-protocol'))
  if (!offered.every(isToken) || new Set(offered).size < offered.length) {
    return refused(400, 'Sec-WebSocket-Protocol is not a list of different names.')
  }
  if (!isWelcome(request, options)) return refused(403, 'Pages of this origin may not connect.')
  const agreement = agreementOf(headers, settings)
  if (agreement === 'malformed') return refused(400, 'Sec-WebSocket-Extensions cannot be accepted.')
  return { type: 'accepted', key: keys[0], protocol: choose(offered, options), agreement }
}

function agreementOf(headers: Headers, { deflate, maxPayload }: Settings): Agreement | 'malformed' | null {
  if (deflate === null) return null
  return agree(headers.getMulti('sec-websocket-extensions').join(', '), deflate, maxPayload)
}

/** RFC 6455 §4.2.2: what the server appends to the key. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** Returns the head of the response that accepts the handshake. */
export function headOf({ key, protocol, agreement }: Handshake): string {
  const accept = createHash('sha1').update(key + GUID).digest('base64')
  const lines = [
    'HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade', `Sec-WebSocket-Accept: ${accept}`,
  ]
  if (protocol !== '') lines.push(`Sec-WebSocket-Protocol: ${protocol}`)
  if (agreement !== null) lines.push(`Sec-WebSocket-Extensions: ${agreement.header}`)
  return `${lines.join('\r\n')}\r\n\r\n`
}

/** Whether the request asks for a WebSocket connection. It may still be refused. */
export function isHandshake(request: Request): boolean {
  if (request.method !== 'GET' || !isUpgradeRequest(request)) return false
  const length = requestBodyLength(request)
  const hasBody = length.type !== 'fixed' || length.length > 0
  return !hasBody && listIncludes(request.headers, 'upgrade', 'websocket')
}

const HAS_PORT = /:\d+$/

/**
 * Whether a page of this origin was served by the host that the request is for. The scheme is not compared: a proxy may
 * have taken the encryption off. Nor is the port where Host has none: a proxy may have taken it off, too (nginx's
 * `$host`). So pages of the same host at another port may connect then; `origins` restricts that.
 */
export function sameHost(origin: string, host: string): boolean {
  if (host === '' || !URL.canParse(origin)) return false
  const page = new URL(origin)
  // Normalised as a URL of the origin's scheme: in lower case, without the scheme's default port.
  const target = `${page.protocol}//${host}`
  if (!URL.canParse(target)) return false
  const own = new URL(target)
  return HAS_PORT.test(host) ? page.host === own.host : page.hostname !== '' && page.hostname === own.hostname
}

function isWelcome({ headers }: Request, { origins }: WebSocketOptions): boolean {
  const origin = headers.get('origin')
  if (origins === '*') return true
  if (typeof origins === 'function') return origins(origin)
  if (origin === null) return true
  return origins?.includes(origin) ?? sameHost(origin, headers.get('host') ?? '')
}

function choose(offered: readonly string[], { protocols = [] }: WebSocketOptions): string {
  if (offered.length === 0) return ''
  const chosen = typeof protocols === 'function'
    ? protocols(offered)
    : offered.find(name => protocols.includes(name))
  // RFC 6455 §4.1: a client fails the connection if it gets a subprotocol that it did not offer.
  return chosen !== null && chosen !== undefined && offered.includes(chosen) ? chosen : ''
}

/** The members of a list as they were written: names of subprotocols are case-sensitive. */
function membersOf(values: readonly string[]): string[] {
  return values.flatMap(value => value.split(',')).map(trimBlanks).filter(member => member !== '')
}

function refused(status: number, sentence: string, headers: Record<string, string> = {}): Refusal {
  const body = `${sentence}\n`
  return { type: 'refused', reply: { status, headers: { 'content-type': 'text/plain', ...headers }, body } }
}

/** RFC 6455 §4.4, RFC 9110 §15.5.22: the response names the version that the server supports. */
function otherVersion(): Refusal {
  return refused(426, `WebSocket version ${VERSION} is needed.`, {
    'connection': 'Upgrade',
    'upgrade': 'websocket',
    'sec-websocket-version': VERSION,
  })
}
