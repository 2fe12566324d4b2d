/**
 * Uses each feature once, server and client in one process, on whatever runtime this runs: Node, Bun or Deno. It prints
 * a line for each and fails where one did not do what it should. `npm run build` comes before.
 */
import { strictEqual } from 'node:assert'
import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { setImmediate } from 'node:timers'
import { range, map, of } from 'rxjs'
import { WebSocket } from 'ws'
import { serve } from '../dist/esm/index.js'
import { sse } from '../dist/esm/sse/index.js'
import { upgradeWebSocket } from '../dist/esm/ws/index.js'

const LENGTH = 300_000
const keys = join(import.meta.dirname, '../demos/tls')
const tls = { key: readFileSync(join(keys, 'key.pem')), cert: readFileSync(join(keys, 'cert.pem')) }

const routes = {
  '/hello': () => ({ body: 'hello' }),
  '/echo': reqd => ({ body: reqd.body }),
  '/observable': () => ({ body: range(0, 3).pipe(map(String)) }),
  '/sse': () => sse(of({ data: 'one' }), { heartbeatMs: 0 }),
  '/ws': reqd => {
    const socket = upgradeWebSocket(reqd)
    socket.messages$.subscribe(socket)
  },
}
const handler = reqd => routes[reqd.target](reqd)

async function listening(options) {
  const server = serve(handler, { host: '127.0.0.1', port: 0, ...options })
  for (let i = 0; server.address === null && i < 1000; i++) await new Promise(resolve => setImmediate(resolve))
  return [server, server.address.port]
}

const text = async (port, path, init) => (await globalThis.fetch(`http://127.0.0.1:${port}${path}`, init)).text()

function overTls(port) {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path: '/hello', rejectUnauthorized: false, agent: false }, response => {
      response.setEncoding('utf8').on('data', resolve)
    }).on('error', reject).end()
  })
}

function overWebSocket(port) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`)
    socket.on('open', () => { socket.send('ping') }).on('error', reject)
      .on('message', data => { resolve(String(data)); socket.close() })
  })
}

const [server, port] = await listening({})
const [secure, securePort] = await listening({ tls })
const features = {
  hello: async () => strictEqual(await text(port, '/hello'), 'hello'),
  echo: async () => {
    const body = 'x'.repeat(LENGTH)
    strictEqual(await text(port, '/echo', { method: 'POST', body }), body)
  },
  observable: async () => strictEqual(await text(port, '/observable'), '012'),
  sse: async () => strictEqual((await text(port, '/sse')).includes('data: one\n\n'), true),
  websocket: async () => strictEqual(await overWebSocket(port), 'ping'),
  tls: async () => strictEqual(await overTls(securePort), 'hello'),
  shutdown: async () => {
    await Promise.all([server.close({ graceMs: 1000 }), secure.close({ graceMs: 1000 })])
  },
}
for (const [name, run] of Object.entries(features)) {
  try {
    await run()
    console.log(`${name}: passed`)
  } catch (error) {
    console.log(`${name}: failed`, error)
    process.exitCode = 1
  }
}
process.exit()
