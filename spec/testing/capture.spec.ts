/**
 * Recording a connection and replaying it: in virtual time, from a real socket, and with a handler that changed.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from '@jest/globals'
import { concat, firstValueFrom, map, of, switchMap, timer } from 'rxjs'
import { serve } from '../../lib/node/serve.js'
import type { Handler } from '../../lib/reactive/reqd.js'
import {
  AsyncCodeError, capture, get, marbles, post, readCapture, replay, replayAsync, ReplayError, type Capture,
} from '../../lib/testing/index.js'

const folder = mkdtempSync(join(tmpdir(), 'httprx-capture-'))
afterAll(() => { rmSync(folder, { recursive: true }) })

const echo: Handler = reqd => reqd.body.text().pipe(map(body => ({ body: `${reqd.target} ${body}` })))
const streamed: Handler = () => ({ body: concat(of('one '), timer(4).pipe(map(() => 'two'))) })

/** Records in virtual time what the handler does. */
function record(handler: Handler, file?: string): Capture {
  let captured: Capture | null = null
  marbles(({ serve: serveVirtually }) => {
    const server = serveVirtually(handler)
    const captures$ = server.connections$.pipe(switchMap(connection => capture(connection, file)))
    captures$.subscribe(result => { captured = result })
    server.connect('--a-b--(c|)', { a: get('/a'), b: post('/b', 'hello'), c: get('/c') })
  })
  return captured!
}

describe('a capture', () => {
  it('has the bytes of both directions with their times', () => {
    const { entries } = record(() => ({ body: new Uint8Array([0, 255]) }))
    const head = 'HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nContent-Length: 2\r\n\r\n'
    const out = { type: 'out', base64: btoa(`${head}\0\xff`) }
    expect(entries).toEqual([
      { at: 2, type: 'in', text: get('/a') }, { at: 2, ...out },
      { at: 4, type: 'in', text: post('/b', 'hello') }, { at: 4, ...out },
      { at: 7, type: 'in', text: get('/c') }, { at: 7, ...out },
      { at: 7, type: 'end' }, { at: 7, type: 'close' },
    ])
  })

  it('is JSON in a file, an entry a line', () => {
    const file = join(folder, 'lines.json')
    const captured = record(echo, file)
    expect(readCapture(file)).toEqual(captured)
    expect(readFileSync(file, 'utf8')).toMatch(/^ {4}\{"at":2,"type":"in","text":"GET \/a HTTP\/1\.1/m)
  })

  const others = ['null', '{}', '{"format":"httprx-capture","version":2}', '{"format":"httprx-capture","version":1}']
  it.each(others)('is not %s', text => {
    const file = join(folder, 'other.json')
    writeFileSync(file, text)
    expect(() => readCapture(file)).toThrow('is not a capture of httprx, version 1')
  })
})

describe('replay', () => {
  it('gives the same again, whatever the date', () => {
    const captured = record(echo)
    const older = JSON.parse(JSON.stringify(captured).replaceAll('01 Jan 1970', '07 Feb 1999')) as Capture
    replay(captured, echo)
    replay(older, echo)
    replay(record(streamed), streamed)
  })

  it('reports the first difference', () => {
    const captured = record(echo)
    const changed: Handler = reqd => reqd.target === '/b' ? { body: '/b Hello' } : echo(reqd)
    expect(() => { replay(captured, changed) }).toThrow('not what was recorded, from byte 158 on, in response 2:\n')
    expect(() => { replay(captured, changed) }).toThrow(/response 2:\n {2}recorded .*\/b hello.*\n {2}now .*\/b Hello/)
  })

  it('reports what is missing and what is too much', () => {
    const captured = record(echo)
    const { entries } = captured
    expect(() => { replay({ ...captured, entries: entries.filter(({ at }) => at < 7) }, echo) }).not.toThrow()
    expect(() => { replay(captured, reqd => reqd.target === '/c' ? { status: 204 } : echo(reqd)) }).toThrow(ReplayError)
    const silent = { ...captured, entries: entries.filter(({ type }) => type !== 'out') }
    expect(() => { replay(silent, echo) }).toThrow('from byte 0')
  })

  it('says where a handler waits for promises', () => {
    expect(() => { replay(record(echo), () => Promise.resolve({})) }).toThrow(AsyncCodeError)
  })

  it('cuts where the connection was cut', () => {
    const endless: Handler = () => ({ body: timer(0, 2).pipe(map(String)) })
    const entries: Capture['entries'] = [{ at: 0, type: 'in', text: get('/') }, { at: 3, type: 'close' }]
    const cut: Capture = { format: 'httprx-capture', version: 1, entries }
    expect(() => { replay(cut, endless) }).toThrow(/now .*HTTP\/1.1 200 OK/)
  })
})

describe('a real connection', () => {
  it('is recorded, and replayed with the same responses', async () => {
    const file = join(folder, 'real.json')
    const server = await serve(echo, { host: '127.0.0.1' }).listening
    const captured = firstValueFrom(server.connections$.pipe(switchMap(connection => capture(connection, file))))
    const socket = connect((server.address as { port: number }).port, '127.0.0.1')
    socket.write(get('/one'))
    await once(socket, 'data')
    const second = post('/two', 'x'.repeat(1_000))
    socket.write(second.slice(0, 500))
    socket.end(second.slice(500))
    socket.resume()
    await captured
    await server.close()
    replay(file, echo)
    await replayAsync(file, echo)
    await replayAsync(file, async reqd => ({ body: `${reqd.target} ${await reqd.body.text()}` }))
    expect(() => { replay(file, () => ({ body: 'other' })) }).toThrow(ReplayError)
  })
})

describe('replayAsync', () => {
  it('reports differences as well, and does not wait for ever', async () => {
    const captured = record(echo)
    await expect(replayAsync(captured, () => Promise.resolve({ body: 'other' }))).rejects.toThrow(ReplayError)
    const stuck: Handler = () => new Promise(() => undefined)
    await expect(replayAsync(captured, stuck, { patienceMs: 20 })).rejects.toThrow('from byte 0')
  })

  it('waits with the next piece until the output is as long as it was', async () => {
    await replayAsync(record(streamed), streamed)
  })
})
