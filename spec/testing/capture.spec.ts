/**
 * Recording a connection and replaying it: in virtual time, from a real socket, and with a handler that changed.
 */
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from '@jest/globals'
import { concat, firstValueFrom, map, NEVER, of, switchMap, timer } from 'rxjs'
import { serve } from '../../lib/node/serve.js'
import type { Handler } from '../../lib/reactive/streamed-reqd.js'
import { readRecording } from '../../lib/testing/capture-file.js'
import { captureText } from '../../lib/testing/capture-text.js'
import {
  AsyncCodeError, capture, CaptureError, get, marbles, post, readCapture, replay, replayAsync, ReplayError,
  type Capture,
} from '../../lib/testing/index.js'

const folder = mkdtempSync(join(tmpdir(), 'httprx-capture-'))
afterAll(() => { rmSync(folder, { recursive: true }) })

const echo: Handler = reqd => reqd.body.text().pipe(map(body => ({ body: `${reqd.target} ${body}` })))
const streamed: Handler = () => ({ body: concat(of('one '), timer(4).pipe(map(() => 'two'))) })

/** Records the traffic of the handler in virtual time. */
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
  it('contains the bytes of both directions with their times', () => {
    const { entries } = record(() => ({ body: new Uint8Array([0, 255]) }))
    const head = 'HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nContent-Length: 2\r\n\r\n'
    const out = { type: 'out', base64: btoa(`${head}\0\xff`) }
    expect(entries).toEqual([
      { at: 0, type: 'open', remoteAddress: 'client 1', isEncrypted: false },
      { at: 2, type: 'in', text: get('/a') }, { at: 2, ...out },
      { at: 4, type: 'in', text: post('/b', 'hello') }, { at: 4, ...out },
      { at: 7, type: 'in', text: get('/c') }, { at: 7, ...out },
      { at: 7, type: 'end' }, { at: 7, type: 'close', brokenBy: null },
    ].map((entry, n) => ({ connection: 1, n, ...entry })))
  })

  it('is written as JSON, one entry per line', () => {
    const file = join(folder, 'lines.json')
    const captured = record(echo, file)
    expect(readCapture(file)).toEqual(captured)
    const lines = readFileSync(file, 'utf8').split('\n')
    expect(lines[0]).toMatch(/^\{"format":"httprx-capture","version":2,"started":"","part":1,"redacted":\["auth/)
    expect(lines[2]).toMatch(/^\{"connection":1,"n":1,"at":2,"type":"in","text":"GET \/a HTTP\/1\.1/)
  })

  const head = '{"format":"httprx-capture","version":2}'
  it.each([
    ['', 'is no capture of httprx: its first line is not {"format":"httprx-capture",…}'],
    ['null', 'is no capture of httprx'],
    ['{}', 'is no capture of httprx'],
    ['{\n  "format": "httprx-capture",\n  "version": 1,\n  "entries": []\n}\n',
      'is a capture of version 1, and this httprx reads version 2: replay it with the httprx that recorded it'],
    [head.replace('2', '3'), 'is a capture of version 3'],
    [head, 'has no connection'],
    [`${head}\n{"connection":1,"at":0,"type":"end"}\n{"connection":4,"at":0,"type":"end"}`,
      'has 2 connections: say which, from 1 on'],
    [`${head}\n{"connection":3,"n":1,"at":0,"type":"end"}`,
      'connection 3 was there before the recording began, so its start is missing'],
    [`${head.replace('}', ',"part":4}')}\n{"connection":3,"n":7,"at":0,"type":"end"}`,
      'the start of connection 3 was rotated away: the oldest file is part 4 of its recording. Larger files, or more '
      + 'of them, keep more: maxFileBytes, maxFiles'],
    [`${head}\n{"n":0,"at":0,"type":"end"}\n{"type":"dropped","entries":2}\n{"n":3,"at":9,"type":"close"}`,
      '2 entries of connection 1 were dropped before 9 ms: the disk was too slow'],
  ])('is not read from %j', (text, message) => {
    const file = join(folder, 'other.ndjson')
    writeFileSync(file, text)
    expect(() => readCapture(file)).toThrow(message)
    expect(() => readCapture(file)).toThrow(CaptureError)
    if (!message.includes('say which')) expect(() => { replay(file, echo) }).toThrow(CaptureError)
  })

  it('that does not exist is reported as missing', () => {
    expect(() => readCapture(join(folder, 'nowhere'))).toThrow(`There is no file ${join(folder, 'nowhere')}`)
    expect(() => readCapture(join(folder, 'lines.json'), 7)).toThrow('has no connection 7')
  })

  it('is read up to an incomplete last line, and unreadable lines are named', () => {
    const file = join(folder, 'cut.ndjson')
    const text = captureText(record(echo))
    writeFileSync(file, text.slice(0, -30))
    expect(readRecording(file).problems).toEqual([`${file} ends within line 10: its writer ended there. `
      + 'The lines before it are read'])
    replay(file, echo)
    writeFileSync(file, text.replace('{"connection":1,"n":3', '\n{"connec'))
    expect(readRecording(file).problems).toEqual([`Line 6 of ${file} can't be read; it is left out`])
    expect(() => readCapture(file)).toThrow('1 entries of connection 1 were dropped before 4 ms')
  })
})

describe('replay', () => {
  it('produces the same output, whatever the date', () => {
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

  it('reports missing and additional output', () => {
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

  it('cuts the connection where it was cut', () => {
    const endless: Handler = () => ({ body: timer(0, 2).pipe(map(String)) })
    const entries: Capture['entries'] = [{ at: 0, type: 'in', text: get('/') }, { at: 3, type: 'close' }]
    const cut: Capture = { format: 'httprx-capture', version: 2, entries }
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
  const later: Handler = async reqd => {
    const body = await reqd.body.text()
    await new Promise(resolve => { setTimeout(resolve, 3) })
    return { body: `${reqd.target} ${body}` }
  }

  it('passes the recorded time, for promises and the timers of the application', async () => {
    const captured = record(echo)
    await replayAsync(captured, later)
    await replayAsync(record(streamed), async () => {
      await Promise.resolve()
      return { body: concat(of('one '), timer(4).pipe(map(() => 'two'))) }
    })
    await expect(replayAsync(captured, () => Promise.resolve({ body: 'other' }))).rejects.toThrow(ReplayError)
  })

  it('names code that virtual time does not reach', async () => {
    const failure = await replayAsync(record(echo), later, { timers: 'real' }).catch(String)
    expect(failure).toMatch(/GET \/a waits for setTimeout of 3 ms called at spec\/testing\/capture.spec.ts:\d+$/)
  })

  it('ignores the differences that it is told to', async () => {
    let count = 0
    const counting: Handler = () => ({ body: `number ${++count}` })
    const captured = record(counting)
    await expect(replayAsync(captured, counting)).rejects.toThrow(ReplayError)
    await replayAsync(captured, counting, { normalise: text => text.replace(/number \d/g, 'number …') })
  })

  it('checks only that requests are answered, if it expects answers', async () => {
    const captured = record(echo)
    await replayAsync(captured, () => ({ body: 'whatever' }), { expects: 'answers' })
    const failure = await replayAsync(captured, () => NEVER, { expects: 'answers', handlerTimeout: 2 }).catch(String)
    expect(failure).toContain('GET /a, which came at 2 ms, is answered by a time limit at 2000 ms\n'
      + 'POST /b, which came at 4 ms, is not answered, when the client left at 7 ms\n')
  })

  it('waits in real time for the recorded amount of output before each piece, with a limit', async () => {
    const time = 'real'
    await replayAsync(record(streamed), streamed, { time })
    const captured = record(echo)
    await replayAsync(captured, async reqd => {
      await stat(folder)
      return { body: `${reqd.target} ${await reqd.body.text()}` }
    }, { time })
    await expect(replayAsync(captured, () => Promise.resolve({ body: 'other' }), { time })).rejects.toThrow(ReplayError)
    const stuck: Handler = () => new Promise(() => undefined)
    await expect(replayAsync(captured, stuck, { patienceMs: 20, time })).rejects.toThrow('from byte 0')
  })
})
