/**
 * A rolling restart under load: a cluster of two workers, clients that keep their connections alive, and each worker
 * replaced by a new one, `ROUNDS` times. At the end the program prints how many requests there were, and how many
 * failed.
 *
 *     SERVER=httprx node spec/programs/rolling-restart.js       or SERVER=node-http, to compare; IDLE_MS=0 as well
 */
import cluster from 'node:cluster'
import { once } from 'node:events'
import { Agent, createServer, request } from 'node:http'
import { setTimeout } from 'node:timers/promises'
import { serve } from 'httprx'

const { SERVER = 'httprx', CLIENTS = '32', ROUNDS = '3', IDLE_MS = '60000' } = process.env
const HOST = '127.0.0.1'

/** Each way to serve: returns the function that closes the server. */
const servers = {
  'httprx': async () => {
    const server = serve(() => ({ body: 'it' }), { host: HOST })
    await server.listening
    return () => server.close({ idleMs: Number(IDLE_MS), graceMs: Infinity })
  },
  'node-http': async () => {
    const server = createServer((_, response) => { response.end('it') })
    await once(server.listen(0, HOST), 'listening')
    return () => once(server.close(), 'close')
  },
}

async function work() {
  const close = await servers[SERVER]()
  await once(process, 'message')
  await close()
  cluster.worker.disconnect()
}

/** Starts a worker. Resolves with it and its port, which all workers share. */
async function start() {
  const worker = cluster.fork()
  const [{ port }] = await once(worker, 'listening')
  return { worker, port }
}

/** One request of a client; its body keeps the client from sending it again. Rejects where it fails. */
function ask(agent, port) {
  return new Promise((resolve, reject) => {
    const message = request({ agent, port, host: HOST, method: 'POST', headers: { 'content-length': 2 } }, response => {
      response.on('error', reject).on('end', resolve).resume()
    })
    message.on('error', reject).end('hi')
  })
}

async function lead() {
  const counts = { requests: 0, failed: 0, replaced: 0 }
  const workers = [await start(), await start()]
  const { port } = workers[0]
  let isOver = false
  const client = async index => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    while (!isOver) {
      counts.requests++
      await ask(agent, port).catch(() => { counts.failed++ })
      await setTimeout(index % 5)
    }
    agent.destroy()
  }
  const clients = Array.from({ length: Number(CLIENTS) }, (_, index) => client(index))
  for (let round = 0; round < 2 * Number(ROUNDS); round++) {
    const { worker: old } = workers.shift()
    workers.push(await start())
    const exited = once(old, 'exit')
    old.send('close')
    await exited
    counts.replaced++
  }
  isOver = true
  await Promise.all(clients)
  for (const { worker } of workers) worker.kill()
  console.log(`${counts.requests} requests, ${counts.failed} failed, ${counts.replaced} workers replaced`)
}

await (cluster.isPrimary ? lead() : work())
