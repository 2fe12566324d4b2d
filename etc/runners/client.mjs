/**
 * A client of the server beside it: `node client.mjs <url> <trial>` exits with 0 when it got what it should.
 */
import assert from 'node:assert'
import { Agent, request } from 'node:http'
import { connect } from 'node:net'
import { once } from 'node:events'
import { WebSocket } from 'ws'

const MIB = 1024 * 1024
const PATIENCE_MS = 20_000
const [, , url, trial] = process.argv
const { hostname, port } = new URL(url)

setTimeout(() => {
  console.error(`${trial}: nothing came for ${PATIENCE_MS} ms`)
  process.exit(1)
}, PATIENCE_MS).unref()

/** Resolves with the status and the body of the response. */
async function ask(path, { body, agent = false } = {}) {
  const sent = request(new URL(path, url), { method: body === undefined ? 'GET' : 'POST', agent }).end(body)
  const [response] = await once(sent, 'response')
  let [text, length] = ['', 0]
  for await (const chunk of response) {
    length += chunk.length
    if (length < 1000) text += chunk
  }
  return { status: response.statusCode, date: Date.parse(response.headers.date), text, length }
}

/** What the server sends to some bytes until it ends. */
async function talk(bytes) {
  const socket = connect({ host: hostname, port: Number(port) })
  socket.write(bytes)
  let text = ''
  for await (const chunk of socket) text += chunk
  return text
}

async function gets(path, expected) {
  const { date, ...answer } = await ask(path)
  assert.deepStrictEqual(answer, { status: 200, text: expected, length: expected.length })
  assert.ok(Math.abs(date - Date.now()) < 3_600_000, 'the date is that of today')
}

async function getsMuch(path) {
  assert.strictEqual((await ask(path)).length, 2 * MIB)
}

async function uploads(path) {
  const { text } = await ask(path, { body: Buffer.alloc(MIB) })
  assert.strictEqual(text, String(MIB))
}

async function hears() {
  const [response] = await once(request(new URL('/events', url), { agent: false }).end(), 'response')
  let text = ''
  for await (const chunk of response) {
    text += chunk
    if (text.includes('data: news') && text.split(':\n\n').length > 4) return
  }
}

async function talksWebSocket() {
  const socket = new WebSocket(url.replace('http', 'ws') + '/socket')
  await once(socket, 'open')
  socket.send('hi')
  const [data] = await once(socket, 'message')
  assert.strictEqual(String(data), 'hi')
  socket.close()
  await once(socket, 'close')
}

async function keepsAlive() {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  for (let count = 0; count < 5; count++) assert.strictEqual((await ask('/promise', { agent })).text, 'later')
  agent.destroy()
}

const trials = {
  '/promise': () => gets('/promise', 'later'),
  '/observable': () => gets('/observable', 'first'),
  '/text': () => getsMuch('/text'),
  '/bytes': () => getsMuch('/bytes'),
  '/generator': () => getsMuch('/generator'),
  '/web-stream': () => getsMuch('/web-stream'),
  '/pages': () => getsMuch('/pages'),
  '/events': hears,
  '/upload': () => uploads('/upload'),
  '/loop': () => uploads('/loop'),
  '/echo': async () => assert.strictEqual((await ask('/echo', { body: Buffer.alloc(2 * MIB) })).length, 2 * MIB),
  '/socket': talksWebSocket,
  '/keep-alive': keepsAlive,
  '/idle': async () => assert.match(await talk('GET /promise HTTP/1.1\r\nHost: a\r\n\r\n'), /later$/),
  '/half a head': async () => assert.match(await talk('GET / HTTP/1.1\r\n'), / 408 /),
}

await trials[trial]()
process.exit(0)
