/**
 * Targets in absolute-form over real sockets: their scheme is that of the connection, unless a proxy is trusted.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import type { Handler } from '../../lib/reactive/streamed-reqd.js'
import { connect, start } from '../helpers/net.js'
import { startTls, tlsClient } from '../helpers/tls.js'

const asking = (target: string): string => `GET ${target} HTTP/1.1\r\nHost: public\r\nConnection: close\r\n\r\n`
const echo: Handler = ({ url, headers }) => ({ body: `${url.href} for ${headers.get('Host')}` })

describe('a target in absolute-form', () => {
  it('is served if it has the scheme of the connection', async () => {
    const plain = await connect(await start(echo))
    expect(await plain.send(asking('http://internal/a')).all()).toMatch(/\r\n\r\nhttp:\/\/internal\/a for internal$/)
    const encrypted = await tlsClient(await startTls(echo))
    expect(await encrypted.send(asking('https://internal/a')).all()).toMatch(/\r\n\r\nhttps:\/\/internal\/a for internal$/)
  })

  it('is answered with 421 if it has the other scheme (RFC 9110 §7.4), without the handler', async () => {
    const targets: string[] = []
    const handler: Handler = ({ target }) => {
      targets.push(target)
      return {}
    }
    const plain = await connect(await start(handler))
    expect(await plain.send(asking('https://internal/a')).all()).toMatch(/^HTTP\/1\.1 421 Misdirected Request\r\n/)
    const encrypted = await tlsClient(await startTls(handler))
    expect(await encrypted.send(asking('http://internal/a')).all()).toMatch(/^HTTP\/1\.1 421 Misdirected Request\r\n/)
    expect(targets).toEqual([])
  })

  it('is answered with 421 on a Unix socket as well', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'httprx-'))
    const client = await connect(await start(echo, { path: join(folder, 'socket') }))
    expect(await client.send(asking('https://internal/a')).all()).toMatch(/^HTTP\/1\.1 421 /)
    rmSync(folder, { recursive: true })
  })

  it('is served with either scheme if a proxy is trusted', async () => {
    const plain = await connect(await start(echo, { trustProxy: true }))
    expect(await plain.send(asking('https://internal/a')).all()).toContain('https://internal/a for internal')
    const encrypted = await tlsClient(await startTls(echo, { trustProxy: true }))
    expect(await encrypted.send(asking('http://internal/a')).all()).toContain('http://internal/a for internal')
  })

  it('is answered with 400 with any other scheme, trusted or not', async () => {
    const client = await connect(await start(echo, { trustProxy: true }))
    expect(await client.send(asking('javascript://internal/%0aalert(1)')).all()).toMatch(/^HTTP\/1\.1 400 /)
  })
})

describe('a path', () => {
  it('reaches the handler as the proxy in front saw it: with a backslash it is answered with 400', async () => {
    const client = await connect(await start(echo))
    expect(await client.send(asking('/x\\..\\target')).all()).toMatch(/^HTTP\/1\.1 400 /)
  })
})
