/**
 * One large text as the body of responses to many clients that do not read: memory does not hold it once for each.
 */
import { connect as connectSocket, type Socket } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { connect as connectTls } from 'node:tls'
import { describe, expect, it } from '@jest/globals'
import { ROOT } from '../helpers/built.js'
import { afterwards, ask, start } from '../helpers/net.js'
import { survivor } from '../helpers/survivor.js'

const CLIENTS = 200
const MIB = 1024 * 1024

/** Answers with a text of 8 MiB, in the form that the path says, and with its memory once all have asked. */
const HEAD = `
import { readFileSync } from 'node:fs'
import { of } from 'rxjs'
import { Response } from '${join(ROOT, 'dist/esm/index.js')}'
const texts = { ascii: 'x'.repeat(8 * 1024 * 1024), wide: '\\u00e9'.repeat(4 * 1024 * 1024) }
let asked = 0
let tell
const all = new Promise(resolve => { tell = resolve })
const forms = {
  reply: body => ({ body }),
  iterable: body => ({ body: [body] }),
  observable: body => ({ body: of(body) }),
  generator: body => ({ body: (async function* () { yield body })() }),
}
const memory = async () => {
  await all
  await new Promise(resolve => { setImmediate(resolve) })
  return { body: String(process.memoryUsage().rss) }
}
const stream = (reqd, text) => {
  const body = reqd.respondWithStreaming(Response.create(200))
  body.next(text)
  body.complete()
}
const handle = reqd => {
  const [, form, kind] = reqd.target.split('/')
  if (form === 'now') return { body: String(process.memoryUsage().rss) }
  if (form === 'memory') return memory()
  if (++asked === ${CLIENTS}) tell()
  return form === 'stream' ? stream(reqd, texts[kind]) : forms[form](texts[kind])
}`

async function numberFrom(path: string, socket: Socket): Promise<number> {
  socket.write(`GET ${path} HTTP/1.0\r\n\r\n`)
  return Number(/\d+$/.exec(await text(socket))?.[0])
}

const FILES = join(ROOT, 'demos/tls')
const TLS = `tls: { key: readFileSync('${FILES}/key.pem'), cert: readFileSync('${FILES}/cert.pem') }`

describe('a large text for clients that do not read', () => {
  it.each([
    ['TCP', '/reply/ascii', ''], ['TCP', '/reply/wide', ''], ['TCP', '/iterable/wide', ''],
    ['TCP', '/observable/ascii', ''], ['TCP', '/generator/ascii', ''], ['TCP', '/stream/wide', ''],
    ['TLS', '/reply/ascii', TLS],
  ])('is held in memory once: %s, %s', async (_, path, options) => {
    const { program, port } = await survivor('handle', { head: HEAD, options })
    const connection = (): Socket => options === ''
      ? connectSocket({ port, host: '127.0.0.1' })
      : connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
    const before = await numberFrom('/now', connection())
    for (let count = 0; count < CLIENTS; count++) {
      const socket = connection().on('error', () => undefined).pause()
      afterwards(() => { socket.destroy() })
      socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`)
    }
    const held = await numberFrom('/memory', connection()) - before
    // Each with a text of its own would be 1,600 MiB.
    expect(held / MIB).toBeLessThan(600)
    expect(program.output).not.toContain('told')
  })
})

describe('a large text', () => {
  const body = 'a\u{1f600}\u20ac\ud800-'.repeat(300_000)
  const bytes = Buffer.from(body)

  it.each([
    ['as a reply', () => ({ body })],
    ['as a value', () => ({ body: [body] })],
    ['with its length', () => ({ body: [body], headers: { 'content-length': bytes.length } })],
    ['with trailers', () => ({ body, trailers: { a: 'b' } })],
  ])('arrives whole %s', async (_, handler) => {
    const server = await start(handler)
    for (const method of ['GET', 'GET', 'HEAD']) {
      const answer = await ask(server, { method })
      expect(answer.isComplete).toBe(true)
      const expected = method === 'HEAD' ? '' : bytes.toString('latin1')
      expect(answer.body === expected).toBe(true)
    }
    expect((await ask(server)).headers['content-length'] ?? String(bytes.length)).toBe(String(bytes.length))
  })
})
