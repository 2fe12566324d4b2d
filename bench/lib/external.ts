/**
 * Servers that are not Node programs: a child of the measured process, on the same core.
 */
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { spawnTracked } from './child.js'

/** The longest time until a server listens. */
const PATIENCE_MS = 10_000

let pid = 0

/** Starts the program with a port, and returns the port when the program listens on it. */
export async function startExternal(program: string, argsFor: (port: number) => readonly string[]): Promise<number> {
  const port = await freePort()
  const child = spawnTracked(program, argsFor(port))
  child.once('exit', code => {
    console.error(`${program} ended with ${code}`)
    process.exit(1)
  })
  pid = child.pid ?? 0
  for (const end = Date.now() + PATIENCE_MS; !await listens(port);) {
    if (Date.now() > end) throw new Error(`${program} does not listen on ${port}`)
    await setTimeout(20)
  }
  return port
}

/** The processor time of all its threads, in microseconds; Linux reports nanoseconds. */
export function externalCpu(): number {
  const threads = readdirSync(`/proc/${pid}/task`).map(thread => `/proc/${pid}/task/${thread}/schedstat`)
  const times = threads.map(path => Number(readFileSync(path, 'utf8').split(' ')[0]))
  return times.reduce((sum, time) => sum + time, 0) / 1000
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

function listens(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    socket.on('connect', () => { resolve(true) }).on('error', () => { resolve(false) })
    socket.on('connect', () => socket.destroy())
  })
}
