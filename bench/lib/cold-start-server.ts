/**
 * A fresh process: `node cold-start-server.js <server>` imports the server, listens and reports its port. It answers a
 * message with the cost of its start. With the argument `files`, it reports the loaded files instead, and its times
 * mean nothing.
 */
import type { Server } from 'node:net'
import { GREETING } from './scenario.js'

/** The report of a process on its start. */
export interface ColdStart {
  /** Processor time of all threads since the beginning of the import, in microseconds. */
  readonly cpu: number
  /** The beginning of the import, on the machine's monotonic clock, in nanoseconds. */
  readonly began: string
}

/** A loaded file and its length in characters. */
export type LoadedFiles = Readonly<Record<string, number>>

const listening = (server: Server): Promise<number> => new Promise(resolve => {
  server.listen(0, '127.0.0.1', () => { resolve((server.address() as { port: number }).port) })
})

async function serveByUs(): Promise<number> {
  const { serve } = await import('httprx')
  const server = await serve(() => ({ body: GREETING }), { host: '127.0.0.1' }).listening
  return (server.address as { port: number }).port
}

const servers: Record<string, () => Promise<number>> = {
  'node-http': async () => {
    const { createServer } = await import('node:http')
    return listening(createServer((_, response) => { response.end(GREETING) }))
  },
  'httprx': serveByUs,
  'httprx and all of rxjs': async () => {
    await import('rxjs')
    return serveByUs()
  },
  'httprx/core': async () => {
    const [{ createServer }, { IOVec, Response, ServerConnection }] =
      await Promise.all([import('node:net'), import('httprx/core')])
    return listening(createServer(socket => {
      const connection = ServerConnection.create(reqd => { reqd.respondWithString(Response.create(200), GREETING) })
      socket.on('data', bytes => {
        connection.read(bytes, 0, bytes.length)
        const operation = connection.nextWriteOperation()
        if (operation.type === 'write') for (const iovec of operation.iovecs) socket.write(IOVec.view(iovec))
      })
    }))
  },
  'fastify': async () => {
    const { fastify } = await import('fastify')
    const app = fastify()
    app.get('/', (_, reply) => reply.send(GREETING))
    await app.listen({ port: 0, host: '127.0.0.1' })
    return (app.server.address() as { port: number }).port
  },
}

/** Records each file that is loaded from now on. */
async function watchFiles(): Promise<Map<string, number>> {
  const { Session } = await import('node:inspector')
  const files = new Map<string, number>()
  const session = new Session()
  session.connect()
  session.on('Debugger.scriptParsed', ({ params: { url, endLine, length = endLine } }) => {
    if (/^(file:|\/)/.test(url)) files.set(url, length)
  })
  session.post('Debugger.enable')
  // The scripts of this program itself were loaded before.
  files.clear()
  return files
}

const [name, mode] = process.argv.slice(2)
process.on('disconnect', () => process.exit())
const files = mode === 'files' ? await watchFiles() : null
const before = process.cpuUsage()
const began = String(process.hrtime.bigint())
process.on('message', () => {
  const { user, system } = process.cpuUsage(before)
  process.send?.(files === null ? { cpu: user + system, began } : Object.fromEntries(files))
})
process.send?.({ port: await servers[name]() })
