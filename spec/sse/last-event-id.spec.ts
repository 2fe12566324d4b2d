/**
 * The field Last-Event-ID of a request.
 */
import { describe, expect, it } from '@jest/globals'
import { Headers } from '../../lib/message/headers.js'
import { lastEventId } from '../../lib/sse/index.js'

describe('the last event id', () => {
  it.each<[string, Headers, string | null]>([
    ['is null where the client has none', Headers.empty, null],
    ['is null where it is empty', Headers.of({ 'Last-Event-ID': '' }), null],
    ['is what was sent', Headers.of({ 'Last-Event-ID': '42' }), '42'],
    ['is UTF-8', Headers.of({ 'last-event-id': Buffer.from('größe ✓').toString('latin1') }), 'größe ✓'],
    ['has U+FFFD for what is no UTF-8', Headers.of({ 'last-event-id': '\xe9' }), '\ufffd'],
  ])('%s', (_, headers, id) => {
    expect(lastEventId({ headers })).toBe(id)
  })
})
