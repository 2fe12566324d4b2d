/**
 * Builds requests as text, for the values of a client's diagram.
 */
import { utf8Length } from '../buffer/utf8.js'
import { bytesOf, joined } from './bytes.js'

/** Header fields of a request, written unchanged after Host. */
export type RequestFields = Readonly<Record<string, string | number>>

/** Returns the text of a GET request: `get('/')`. The default Host is `test`. */
export function get(target: string, fields: RequestFields = {}): string {
  return requestText('GET', target, fields)
}

/** Returns the text of a POST request with its Content-Length. */
export function post(target: string, body: string, fields: RequestFields = {}): string {
  return requestText('POST', target, { ...fields, 'Content-Length': utf8Length(body) }) + body
}

/** Returns the text of a WebSocket handshake. */
export function webSocketHandshake(target: string, fields: RequestFields = {}): string {
  return requestText('GET', target, {
    'Connection': 'Upgrade',
    'Upgrade': 'websocket',
    'Sec-WebSocket-Version': 13,
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    ...fields,
  })
}

/** Returns the bytes of a client's WebSocket message: one masked frame (RFC 6455 §5.3), up to 65,535 bytes. */
export function webSocketMessage(message: string | Uint8Array): Uint8Array {
  return webSocketFrame(typeof message === 'string' ? 1 : 2, bytesOf(message))
}

/** Returns the bytes of a client's WebSocket close frame. */
export function webSocketClose(code = 1000): Uint8Array {
  return webSocketFrame(8, new Uint8Array([code >> 8, code & 0xff]))
}

/** Builds a frame. The mask is zero, so that the payload stays readable. */
function webSocketFrame(opcode: number, payload: Uint8Array): Uint8Array {
  const { length } = payload
  const head = length < 126 ? [0x80 | length] : [0x80 | 126, length >> 8, length & 0xff]
  return joined([new Uint8Array([0x80 | opcode, ...head, 0, 0, 0, 0]), payload])
}

/** Returns the text of a request's head. */
export function requestText(method: string, target: string, fields: RequestFields = {}): string {
  const hasHost = Object.keys(fields).some(name => name.toLowerCase() === 'host')
  const all = hasHost ? fields : { Host: 'test', ...fields }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`
}
