/**
 * Connections with different limits, whose heads are parsed in turns.
 */
import { expect, it } from '@jest/globals'
import { Response, ServerConnection } from '../../lib/core.js'
import { bytesOf } from '../../lib/wire/grammar.js'

function statusOf(connection: ServerConnection, head: string): string {
  const bytes = bytesOf(head)
  connection.readLent(bytes, 0, bytes.length)
  const text = connection.pendingText
  connection.reportWriteResult({ type: 'ok', count: text.length })
  return text.slice('HTTP/1.1 '.length, 'HTTP/1.1 200'.length)
}

function serving(config: { maxHeaderSize?: number; maxHeadersCount?: number }): ServerConnection {
  return ServerConnection.create(reqd => { reqd.respondWithString(Response.create(200), '') }, { config })
}

it('each connection keeps its own limits', () => {
  const head = `GET / HTTP/1.1\r\nHost: a\r\nA: ${'b'.repeat(100)}\r\nC: d\r\n\r\n`
  const wide = serving({})
  const [small, few] = [{ maxHeaderSize: 64 }, { maxHeadersCount: 2 }]
  expect(statusOf(wide, head)).toBe('200')
  expect(statusOf(serving(small), head)).toBe('431')
  expect(statusOf(wide, head)).toBe('200')
  expect(statusOf(serving(few), head)).toBe('431')
  expect(statusOf(serving(few), 'GET / HTTP/1.1\r\nHost: a\r\n\r\n')).toBe('200')
  expect(statusOf(wide, head)).toBe('200')
  expect(statusOf(serving(few), head)).toBe('431')
})
