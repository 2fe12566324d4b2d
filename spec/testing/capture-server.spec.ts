/**
 * Recording a server to a file over real sockets, and replaying it: TCP, TLS, Unix sockets, WebSocket, events, a slow
 * client, and a stall that becomes a test.
 */
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from '@jest/globals'
import { map, take, timer } from 'rxjs'
import type { Server } from '../../lib/node/serve.js'
import type { Handler } from '../../lib/reactive/streamed-reqd.js'
import { sse } from '../../lib/sse/index.js'
import { readRecording } from '../../lib/testing/capture-file.js'
import {
  capture, get, post, readCapture, replayAsync, webSocketHandshake, webSocketMessage,
  type Capture, type CaptureOptions,
} from '../../lib/testing/index.js'
import { runCommand } from '../../lib/testing/replay-command.js'
import { upgradeWebSocket } from '../../lib/ws/index.js'
import { ask, connect, start } from '../helpers/net.js'
import { startTls, tlsClient } from '../helpers/tls.js'

const folder = mkdtempSync(join(tmpdir(), 'httprx-capture-'))
afterAll(() => { rmSync(folder, { recursive: true }) })

let count = 0
const path = (): string => join(folder, `traffic-${++count}.ndjson`)

/** Records what `run` does with the server. Resolves with the file. */
async function recorded(
  server: Server, run: () => Promise<unknown>, options: Partial<CaptureOptions> = {},
): Promise<string> {
  const file = path()
  const recording = capture(server, { file, ...options })
  await run()
  await server.close({ graceMs: 0 })
  await recording.closed
  expect(recording.dropped).toEqual({ entries: 0, bytes: 0 })
  return file
}

const typesIn = ({ entries }: Capture): string[] => entries.map(({ type }) => type)

const echo: Handler = async reqd => ({ body: `${reqd.url.href} ${await reqd.body.text()}` })

describe('a recorded server replays the same output', () => {
  it('on TCP, several connections with their numbers and times', async () => {
    const server = await start(echo)
    const file = await recorded(server, async () => {
      const [one, two] = [await connect(server), await connect(server)]
      await one.send(get('/1')).receives('/1 ')
      await two.send(post('/2', 'body')).receives('body')
      await one.send(get('/3')).receives('/3 ')
      for (const client of [one, two]) await client.end().all()
    })
    const { connections, problems } = readRecording(file)
    expect(problems).toEqual([])
    expect(connections.map(({ id, gap }) => [id, gap])).toEqual([[1, null], [2, null]])
    expect(typesIn(connections[0].capture)).toEqual(['open', 'in', 'out', 'in', 'out', 'end', 'close'])
    const times = connections.flatMap(found => found.capture.entries.map(({ at }) => at))
    expect(times.every(at => Number.isInteger(at) && at >= 0)).toBe(true)
    await replayAsync(file, echo)
    await expect(replayAsync(file, () => ({ body: 'other' }))).rejects.toThrow('The output is not what was recorded')
    await expect(replayAsync(file, () => ({ body: 'other' }), { connection: 2 })).rejects.toThrow('= POST /2')
  })

  it('on TLS, the plain bytes, as https', async () => {
    const server = await startTls(echo)
    const file = await recorded(server, async () => {
      const client = await tlsClient(server)
      await client.send(get('/secret')).receives('/secret')
      await client.end().all()
    })
    expect(readFileSync(file, 'utf8')).toContain('https://test/secret')
    await replayAsync(file, echo)
  })

  it('on a Unix socket', async () => {
    const server = await start(echo, { path: join(folder, 'socket') })
    const file = await recorded(server, async () => {
      await ask(server, { path: '/unix' })
    })
    await replayAsync(file, echo)
  })

  it('after the upgrade to a WebSocket', async () => {
    const handler: Handler = reqd => {
      const connection = upgradeWebSocket(reqd)
      connection.messages$.pipe(map(message => String(message).toUpperCase())).subscribe(connection)
    }
    const server = await start(handler)
    const file = await recorded(server, async () => {
      const client = await connect(server)
      await client.send(webSocketHandshake('/chat')).receives('\r\n\r\n')
      await client.send(webSocketMessage('hello')).receives('HELLO')
      await client.send(webSocketMessage('again')).receives('AGAIN')
      client.reset()
      await once(client.socket, 'close')
    })
    const captured = readCapture(file)
    const bytes = captured.entries.flatMap(entry => 'base64' in entry ? [`${entry.type} ${atob(entry.base64)}`] : [])
    expect(bytes).toEqual([
      expect.stringMatching(/^in .*hello$/s), 'out \x81\x05HELLO',
      expect.stringMatching(/^in .*again$/s), 'out \x81\x05AGAIN',
    ])
    await replayAsync(file, handler)
    await expect(replayAsync(file, reqd => {
      const connection = upgradeWebSocket(reqd)
      connection.messages$.subscribe(connection)
    })).rejects.toThrow('from byte')
  })

  it('for an event stream that its client leaves', async () => {
    const handler: Handler = () => sse(timer(0, 5).pipe(take(3), map(id => ({ id: String(id), data: 'tick' }))))
    const server = await start(handler)
    const file = await recorded(server, async () => {
      const client = await connect(server)
      await client.send(get('/events')).receives('id: 2')
      client.reset()
      await once(client.socket, 'close')
    })
    await replayAsync(file, handler)
  })

  it('for a slow client, which reads the same amounts at the same times', async () => {
    const large = 'x'.repeat(8 * 1024 * 1024)
    const handler: Handler = () => ({ body: large })
    const server = await start(handler)
    const file = await recorded(server, async () => {
      const waits = writeWaits(server)
      const client = await connect(server)
      client.socket.pause()
      client.send(get('/large'))
      await waits
      client.socket.resume()
      await client.receivesBytes(large.length)
      await client.end().all()
    }, { maxQueueBytes: 64 * 1024 * 1024, maxFileBytes: 64 * 1024 * 1024 })
    await replayAsync(file, handler)
  })
})

/** Resolves when a write of the server has to wait. */
function writeWaits(server: Server): Promise<void> {
  return new Promise(resolve => {
    server.events$.subscribe(event => { if (event.type === 'writeWaits') resolve() })
  })
}

describe('a secret', () => {
  it('is masked wherever it is split, and does not disturb the replay', async () => {
    const handler: Handler = () => ({ headers: { 'Set-Cookie': `id=${Math.random()}` }, body: 'ok' })
    const server = await start(handler)
    const file = await recorded(server, async () => {
      const client = await connect(server)
      const read = (): Promise<unknown> => new Promise(resolve => {
        server.events$.subscribe(event => { if (event.type === 'bytesIn') resolve(null) })
      })
      const [start, middle] = ['GET / HTTP/1.1\r\nHost: a\r\nAutho', 'rization: Bearer top']
      for (const piece of [start, middle, 'secret\r\nX: y\r\nCOOKIE: a=secret']) {
        const came = read()
        client.send(piece)
        await came
      }
      await client.send('\r\n\r\n').receives('ok')
      await client.end().all()
    })
    const text = readFileSync(file, 'utf8')
    expect(text).not.toMatch(/secret|Bearer|top|id=/)
    expect(text).toContain('rization: xxxxxx xxx"')
    expect(text).toContain('xxxxxx\\r\\nX: y\\r\\nCOOKIE: xxxxxxxx')
    await replayAsync(file, handler)
  })

  it('is chosen by a function, and is everything if that fails', async () => {
    const server = await start(echo)
    const file = await recorded(server, async () => {
      await ask(server, { method: 'POST', path: '/pin?4711', body: 'pin' })
      await ask(server, { path: '/broken' })
      await ask(server, { path: '/shorter' })
    }, { redact: { fields: [], bytes: bytes => {
      const text = Buffer.from(bytes).toString('latin1')
      if (text.includes('broken')) throw new Error('broken')
      return Buffer.from(text.includes('shorter') ? 'short' : text.replaceAll('4711', '0000'))
    } } })
    const text = readFileSync(file, 'utf8')
    expect(text).toContain('/pin?0000')
    expect(text).not.toMatch(/4711|broken"|\/broken|short/)
  })
})

describe('a stall in production', () => {
  const stuck: Handler = async reqd => {
    if (reqd.method === 'GET') return { body: 'fine' }
    await new Promise(() => undefined)
    return {}
  }
  const mended: Handler = async reqd => {
    if (reqd.method === 'GET') return { body: 'fine' }
    let length = 0
    for await (const chunk of reqd.body) length += chunk.length
    return { body: `${length} bytes` }
  }

  /** A client that sends more than a server which does not read takes, and leaves. */
  async function stall(body: (size: number) => string[]): Promise<string> {
    const server = await start(stuck)
    return recorded(server, async () => {
      await ask(server, { path: '/fine' })
      const paused = new Promise<void>(resolve => {
        server.events$.subscribe(event => { if (event.type === 'pause') resolve() })
      })
      const client = await connect(server)
      for (const piece of body(1_000_000)) client.send(piece)
      await paused
      client.reset()
      await once(client.socket, 'close')
    })
  }

  it.each<[string, (size: number) => string[], RegExp]>([
    ['Content-Length', size => [`POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n`,
      'x'.repeat(size)], /1000000 bytes/],
    ['chunks', size => ['POST /upload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n',
      `${size.toString(16)}\r\n${'x'.repeat(size)}\r\n0\r\n\r\n`], /1000000 bytes/],
  ])('becomes a test that fails, and passes with the corrected handler: %s', async (_, body, answer) => {
    const file = await stall(body)
    const failure = await replayAsync(file, stuck, { connection: 2, expects: 'answers' }).catch(String) as string
    expect(failure).toMatch(/^ReplayError: POST \/upload, which came at \d+ ms, is not answered\n/)
    expect(failure).toMatch(/\n +reads now .*x/)
    await replayAsync(file, stuck, { connection: 2 })
    await replayAsync(file, mended, { connection: 2, expects: 'answers' })
    const difference = await replayAsync(file, mended, { connection: 2 }).catch(String) as string
    expect(difference).toMatch(answer)
    expect(difference).toMatch(/POST \/upload: then no response; now 200 after 0 ms/)
  })

  it('is printed by the command, which writes the test', async () => {
    const head = 'POST /up HTTP/1.1\r\nHost: a\r\nContent-Length: '
    const file = await stall(size => [`${head}${size}\r\n\r\n`, 'x'.repeat(size)])
    const run = async (handler: Handler, ...args: string[]): Promise<{ code: number; out: string }> => {
      let out = ''
      const print = (text: string): void => { out += text }
      const code = await runCommand(args, { out: print, err: print, load: () => Promise.resolve({ default: handler }) })
      return { code, out }
    }
    const listed = await run(stuck, 'replay', file)
    expect(listed.out).toMatch(/^connection 1, \d+ ms\n {2}GET \/fine: 200 after \d+ ms\n/)
    expect(listed.out).toMatch(/\nconnection 2, \d+ ms\n {2}POST \/up: no response\n$/)
    expect(await run(stuck, 'replay', file, '--module', './app.js')).toMatchObject({ code: 0 })
    const differs = await run(mended, 'replay', file, '--module', './app.js')
    expect(differs.code).toBe(1)
    expect(differs.out).toContain('Connection 1: as it was')
    expect(differs.out).toContain('2 replayed, 1 differs.')
    const test = join(folder, 'stall.test.mjs')
    const module = join(folder, 'app.js')
    const args = ['replay', file, '--module', module, '--connection', '2', '--emit-test', test]
    expect(await run(stuck, ...args)).toEqual({
      code: 0,
      out: `${test} expects answers to what was not answered, of the capture in ${join(folder, 'stall.ndjson')}.\n`,
    })
    expect(readFileSync(test, 'utf8')).toContain("test('POST /up of connection 2: is answered'")
    expect(readFileSync(test, 'utf8')).toContain("import * as app from './app.js'")
    await replayAsync(join(folder, 'stall.ndjson'), mended, { expects: 'answers' })
  })
})

describe('the files of a capture', () => {
  it('rotate, are bounded, and are read together', async () => {
    const server = await start(() => ({ body: 'x'.repeat(200_000) }))
    const file = await recorded(server, async () => {
      for (let n = 0; n < 20; n++) await ask(server)
    }, { maxFileBytes: 1024 * 1024, maxFiles: 3 })
    const names = readdirSync(folder).filter(name => join(folder, name).startsWith(file)).sort()
    expect(names.map(name => join(folder, name))).toEqual([file, `${file}.1`, `${file}.2`])
    for (const name of names) expect(readFileSync(join(folder, name)).length).toBeLessThanOrEqual(1024 * 1024)
    const { connections } = readRecording(file)
    expect(connections.at(-1)).toMatchObject({ id: 20, gap: null })
    const broken = connections.find(({ gap }) => gap !== null)
    if (broken !== undefined) expect(broken.gap).toMatch(/^the start of connection \d+ was rotated away/)
    expect(readRecording(`${file}.1`).connections).toEqual(connections)
  })
})
