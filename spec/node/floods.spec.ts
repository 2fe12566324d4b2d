/**
 * Clients that send requests as fast as they can do not delay others: each has its turn after a read or two. (A socket
 * whose reads fill their buffers is read 32 times in a row, which is 80,000 requests of one client.)
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it } from '@jest/globals'
import type { Handler } from '../../lib/reactive/streamed-reqd.js'
import { KINDS } from '../helpers/kinds.js'
import { afterwards, type Client } from '../helpers/net.js'

const FLOOD = 'GET /flood HTTP/1.1\r\nHost: a\r\n\r\n'
const CLIENTS = 4

/** How many of these requests fit into one read. */
const READ = 80 * 1024 / FLOOD.length

/** The most that all clients may be served before another one is: some turns of two reads each. */
const MOST = 4 * 2 * READ * CLIENTS

/** A program whose clients send requests as fast as they can, once it is told where to. */
const PROGRAM = `
const requests = Buffer.from(${JSON.stringify(FLOOD)}.repeat(3000))
process.on('message', ({ address, isEncrypted }) => {
  for (let i = 0; i < ${CLIENTS}; i++) {
    const options = typeof address === 'string' ? { path: address } : { port: address.port, host: '127.0.0.1' }
    const socket = isEncrypted ? require('tls').connect({ ...options, rejectUnauthorized: false })
      : require('net').connect(options)
    const fill = () => { while (socket.write(requests)); }
    socket.on('drain', fill).resume().on('error', () => {})
    fill()
  }
})
process.on('disconnect', () => process.exit())`

const HANDLERS = {
  'answer at once': () => ({ body: 'it' }),
  'are asynchronous': () => Promise.resolve({ body: 'it' }),
} satisfies Record<string, Handler>

async function ask(client: Client): Promise<void> {
  client.received = ''
  await client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n').receives('\r\n\r\nit')
}

describe.each(Object.entries(KINDS))('beside clients that flood the server over %s', (kind, { start, connect }) => {
  it.each(Object.entries(HANDLERS))('another is answered after some reads, by handlers that %s', async (_, reply) => {
    let floods = 0
    const server = await start(({ target }) => {
      if (target === '/flood') floods++
      return reply()
    })
    const modest = await connect(server)
    const flooding = spawn(process.execPath, ['-e', PROGRAM], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    afterwards(async () => {
      flooding.kill('SIGKILL')
      await once(flooding, 'close')
    })
    flooding.send({ address: server.address, isEncrypted: kind === 'TLS' })
    // In full flow: their buffers are full, on both sides.
    while (floods < MOST) await ask(modest)
    for (let i = 0; i < 10; i++) {
      const before = floods
      await ask(modest)
      expect(floods - before).toBeLessThan(MOST)
    }
  })
})
