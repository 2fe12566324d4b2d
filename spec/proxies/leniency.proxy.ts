/**
 * The answers of node:http and nginx to input that is refused here: each refused case of spec/conformance, followed by
 * the end of the input, sent to them over a socket. spec/conformance/others.json keeps their answers.
 *
 * `npm run proxies` compares them, for the versions that the file names. `WRITE_OTHERS=1 npm run proxies leniency`
 * writes the file; `npm run conformance` then writes the table.
 */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { Case } from '../conformance/case-file.js'
import { OTHERS_FILE, READERS, readOthers, refusedCases, type Others } from '../conformance/others.js'
import { Client } from '../helpers/net.js'
import { Proxy, PROXIES } from './proxy.js'

const IS_WRITTEN = process.env['WRITE_OTHERS'] !== undefined
const NGINX = PROXIES[0]

/** A server under test, and the way to connect to it. */
interface Reader {
  readonly connect: () => Promise<Client>
  readonly stop: () => Promise<unknown>
}

/** node:http, which answers a request when its body is complete. */
async function nodeHttp(insecureHTTPParser: boolean): Promise<Reader & { readonly port: number }> {
  const server: Server & { httpAllowHalfOpen?: boolean } = createServer({ insecureHTTPParser }, (request, response) => {
    request.on('error', () => undefined).on('end', () => { response.end('ok') }).resume()
  })
  server.httpAllowHalfOpen = true
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const connectTo = async (): Promise<Client> => {
    const client = new Client(connect({ port, host: '127.0.0.1', allowHalfOpen: true }))
    await once(client.socket, 'connect')
    return client
  }
  const stop = (): Promise<unknown> => {
    server.close().closeAllConnections()
    return once(server, 'close')
  }
  return { port, connect: connectTo, stop }
}

/** The statuses that a reader sends, or how it ends without one. */
async function answersOf(reader: Reader, { input }: Case): Promise<string> {
  const client = await reader.connect()
  client.send(input).end()
  await client.ended
  client.socket.destroy()
  const statuses = [...client.received.matchAll(/HTTP\/1\.[01] (\d{3})\b/g)].map(([, status]) => status)
  if (statuses.length > 0) return statuses.join(', ')
  return client.received === '' ? 'close' : 'HTTP/0.9'
}

/** The text of the file, one line per case. */
function textOf(others: Others): string {
  return `${JSON.stringify(others, null, 2).replace(/\[\s+([^\]]+?)\s+\]/g, (_, row: string) =>
    `[${row.split(/\n\s*/).join(' ')}]`)}\n`
}

function versionOfNginx(): string {
  return /nginx\/([\d.]+)/.exec(execFileSync('/bin/sh', ['-c', `${NGINX.program} -v 2>&1`], { encoding: 'utf8' }))![1]
}

describe('input that is refused here', () => {
  const versions = { node: process.versions.node, llhttp: process.versions['llhttp'] ?? '', nginx: versionOfNginx() }
  const measured: Record<string, string[]> = {}
  const readers: Reader[] = []
  let behind: Reader | undefined

  beforeAll(async () => {
    readers.push(await nodeHttp(false), await nodeHttp(true))
    const server = await nodeHttp(true)
    behind = server
    readers.push(await Proxy.start(NGINX, server.port))
  })

  afterAll(async () => {
    await Promise.all(readers.map(reader => reader.stop()))
    await behind?.stop()
    if (IS_WRITTEN) writeFileSync(OTHERS_FILE, textOf({ ...versions, answers: measured }))
  })

  it.each(refusedCases())('$key', async ({ key, example }) => {
    measured[key] = []
    for (const reader of readers) measured[key].push(await answersOf(reader, example))
    if (IS_WRITTEN) return
    const others = readOthers()
    const isSame = [others.node === versions.node, others.node === versions.node, others.nginx === versions.nginx]
    for (const [i, reader] of READERS.entries()) {
      if (isSame[i]) expect(`${reader}: ${measured[key][i]}`).toBe(`${reader}: ${others.answers[key][i]}`)
    }
  })
})
