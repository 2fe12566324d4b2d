/**
 * Sources that stall, of each kind and on sockets of each kind: the response is cut, and they are stopped.
 */
import { createReadStream, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { describe, expect, it } from '@jest/globals'
import { concat, finalize, NEVER, of } from 'rxjs'
import { SourceTimeoutError } from '../../lib/errors.js'
import { Response } from '../../lib/message/response.js'
import type { HandlerResult } from '../../lib/reactive/reply.js'
import type { Reqd } from '../../lib/reactive/streamed-reqd.js'
import type { ConnectionEvent } from '../../lib/runtime/events.js'
import { afterwards, connect, signal, start, type Client } from '../helpers/net.js'
import { startTls, tlsClient } from '../helpers/tls.js'

type Started = Awaited<ReturnType<typeof start>>
type Handle = Parameters<typeof start>[0]
const LIMITS = { sourceTimeout: 20, connectionsCheckingInterval: 10 }
const GET = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'

function socketPath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'httprx-'))
  afterwards(() => { rmSync(folder, { recursive: true }) })
  return join(folder, 'socket')
}

const KINDS: Record<string, [(handler: Handle) => Promise<Started>, (server: Started) => Promise<Client>]> = {
  TCP: [handler => start(handler, LIMITS), server => connect(server)],
  TLS: [handler => startTls(handler, LIMITS), server => tlsClient(server)],
  Unix: [handler => start(handler, { ...LIMITS, path: socketPath() }), server => connect(server)],
}

const SOURCES: Record<string, (stopped: () => void, reqd: Reqd) => HandlerResult> = {
  'an Observable': stopped => ({ body: concat(of('some'), NEVER).pipe(finalize(stopped)) }),
  'a function of the demand': stopped => ({ body: () => concat(of('some'), NEVER).pipe(finalize(stopped)) }),
  'a web stream': stopped => ({
    body: new ReadableStream<string>({ start: controller => { controller.enqueue('some') }, cancel: stopped }),
  }),
  'a stream of Node': stopped => {
    const body = new PassThrough().on('close', stopped)
    body.write('some')
    return { body }
  },
  'what is written': (stopped, reqd) => {
    const body = reqd.respondWithStreaming(Response.create(200))
    body.next('some')
    body.closed$.subscribe(stopped)
  },
}

describe.each(Object.keys(KINDS))('a response whose source stalls, over %s', kind => {
  it.each(Object.keys(SOURCES))('is cut: %s', async name => {
    const [serving, connecting] = KINDS[kind]
    const stopped = signal()
    const server = await serving(reqd => SOURCES[name](() => { stopped.resolve() }, reqd))
    const limits: string[] = []
    server.connections$.subscribe(connection => {
      connection.events$.subscribe((event: ConnectionEvent) => {
        if (event.type === 'timeout') limits.push(event.limit)
      })
    })
    const client = await connecting(server)
    client.send(GET)
    await client.ended
    await stopped.promise
    expect(client.received).toContain('some')
    expect(client.received).not.toMatch(/\r\n0\r\n\r\n$/)
    expect(server.errors).toEqual([expect.any(SourceTimeoutError)])
    expect(limits[0]).toBe('sourceTimeout')
  })

  it('continues if the source is only slow to end', async () => {
    const [serving, connecting] = KINDS[kind]
    const server = await serving(() => ({ body: createReadStream(__filename) }))
    const client = await connecting(server)
    client.send(GET)
    await client.receives('\r\n0\r\n\r\n')
    expect(server.errors).toEqual([])
  })
})
