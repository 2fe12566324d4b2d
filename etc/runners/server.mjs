/**
 * A server whose runner fakes timers, and a client in a process of its own, which nobody fakes anything for.
 *
 * The server listens, and the client is started, before the fakes are installed: Node itself needs its ticks for that.
 */
import { spawn } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { concat, NEVER, of } from 'rxjs'
import { pulled, serve } from 'httprx'
import { sse } from 'httprx/sse'
import { upgradeWebSocket } from 'httprx/ws'

const MIB = 1024 * 1024
const CLIENT = join(dirname(fileURLToPath(import.meta.url)), 'client.mjs')

async function* chunks() {
  for (let count = 0; count < 32; count++) yield await Promise.resolve(new Uint8Array(MIB / 16))
}

const routes = {
  '/promise': async () => ({ body: await Promise.resolve('later') }),
  '/observable': () => of({ body: 'first' }),
  '/text': () => ({ body: 'x'.repeat(2 * MIB) }),
  '/bytes': () => ({ body: new Uint8Array(2 * MIB) }),
  '/generator': () => ({ body: chunks() }),
  '/web-stream': () => ({ body: ReadableStream.from(chunks()) }),
  '/pages': () => {
    let left = 32
    return { body: pulled(async () => left-- > 0 ? [new Uint8Array(MIB / 16)] : null) }
  },
  '/events': () => sse(concat(of('news'), NEVER), { heartbeatMs: 5 }),
  '/upload': async reqd => ({ body: String((await reqd.body.bytes(4 * MIB)).length) }),
  '/loop': async reqd => {
    let length = 0
    for await (const chunk of reqd.body) length += chunk.length
    return { body: String(length) }
  },
  '/echo': reqd => ({ body: reqd.body }),
  '/socket': reqd => {
    const connection = upgradeWebSocket(reqd)
    connection.send(connection.messages$)
  },
}

/** What the client tries: each is a test. */
export const TRIALS = [...Object.keys(routes), '/keep-alive', '/idle', '/half a head']

/**
 * The same where `process.nextTick` is faked: Node's streams stand still then, and the package `ws` reads through them.
 */
export const TRIALS_WITHOUT_TICKS = TRIALS.filter(trial => trial !== '/socket')

const LIMITS = { keepAliveTimeout: 100, headersTimeout: 100, connectionsCheckingInterval: 10 }

/** Resolves when the client is content. `install` installs the fakes and returns what takes them back. */
export async function attempt(trial, install) {
  const options = ['/idle', '/half a head'].includes(trial) ? LIMITS : {}
  const server = serve(reqd => routes[reqd.url.pathname](reqd), { host: '127.0.0.1', ...options })
  await server.listening
  const client = spawn(process.execPath, [CLIENT, server.url, trial], { stdio: ['ignore', 'inherit', 'inherit'] })
  const code = new Promise(resolve => { client.on('exit', resolve) })
  const restore = install()
  try {
    if (await code !== 0) throw new Error(`the client of ${trial} was not content`)
    await server.close({ graceMs: 0 })
  } finally {
    restore()
    client.kill()
  }
}
