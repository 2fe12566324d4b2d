/**
 * Servers that cannot listen, and their errors.
 */
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, jest } from '@jest/globals'
import { ListenError } from '../../lib/errors.js'
import { listenError } from '../../lib/node/listen-error.js'
import type { ListenOptions } from '../../lib/node/listen-options.js'
import { checkReusePort } from '../../lib/node/listen-place.js'
import { listen } from '../../lib/node/listen.js'
import { serve } from '../../lib/node/serve.js'
import { afterwards, start } from '../helpers/net.js'

/** The errors of `listen` and of `serve` for a server that cannot listen. */
async function failureOf(options: ListenOptions): Promise<ListenError> {
  const viaListen = await new Promise<unknown>(resolve => {
    listen(options).subscribe({ error: resolve, complete: () => { resolve(null) } })
  })
  const server = serve(() => ({}), options)
  const viaServe = await server.listening.then(() => null, (error: unknown) => error)
  await expect(server.closed).rejects.toBe(viaServe)
  expect(viaServe).toMatchObject({ ...viaListen as object })
  expect(server).toMatchObject({ address: null, url: '' })
  await expect(server.close()).rejects.toBe(viaServe)
  expect(viaServe).toBeInstanceOf(ListenError)
  expect((viaServe as ListenError).cause).toMatchObject({ message: expect.any(String) })
  return viaServe as ListenError
}

function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), 'httprx-'))
  afterwards(() => { rmSync(folder, { recursive: true }) })
  return folder
}

async function takenPort(): Promise<number> {
  const other = createServer().listen(0, '127.0.0.1')
  afterwards(() => other.close())
  await once(other, 'listening')
  return (other.address() as AddressInfo).port
}

describe('a server can\'t listen', () => {
  it('at a path whose folder is missing', async () => {
    const folder = join(temporary(), 'missing')
    expect(await failureOf({ path: join(folder, 'socket') })).toMatchObject({
      code: 'ENOENT', message: `cannot listen on ${folder}/socket: there is no folder ${folder}`,
    })
  })

  it('at a path that is too long for a socket', async () => {
    const folder = temporary()
    const path = join(folder, 'x'.repeat(107 - folder.length))
    expect(await failureOf({ path })).toMatchObject({
      code: 'ENAMETOOLONG',
      message: expect.stringMatching(/: the path has 108 bytes, but a Unix socket allows at most 107$/),
    })
    await start(() => ({}), { path: path.slice(0, -1) })
    expect(existsSync(path.slice(0, -1))).toBe(true)
  })

  it('on a descriptor that does not exist', async () => {
    const { message } = await failureOf({ fd: 999_999 })
    expect(message).toMatch(/^cannot listen on fd 999999: /)
  })

  it('on a shared port, if Node does not support that', () => {
    for (const version of ['20.19.0', '21.0.0', '22.11.0', '23.0.0']) {
      expect(() => { checkReusePort(version) }).toThrow(`reusePort needs Node 22.12 or 23.1, and this is ${version}`)
    }
    for (const version of ['22.12.0', '23.1.0', '24.0.0', '26.1.0']) checkReusePort(version)
  })

  it('on a port that is in use', async () => {
    const port = await takenPort()
    expect(await failureOf({ port, host: '127.0.0.1' })).toMatchObject({
      name: 'ListenError', code: 'EADDRINUSE', message: `cannot listen on 127.0.0.1:${port}: the port is in use`,
    })
  })

  it('on an address of another machine', async () => {
    expect(await failureOf({ host: '192.0.2.1' })).toMatchObject({
      code: 'EADDRNOTAVAIL', message: 'cannot listen on 192.0.2.1:0: this machine has no such address',
    })
    expect(await failureOf({ host: '2001:db8::1', port: 5 })).toMatchObject({
      message: expect.stringMatching(/^cannot listen on \[2001:db8::1\]:5: /),
    })
  })

  it('on an invalid port, which is refused at the call', () => {
    const refusal = expect.objectContaining({ code: 'badRange', message: expect.stringMatching(/70000/) })
    const failed = jest.fn()
    listen({ port: 70_000 }).subscribe({ error: failed })
    expect(failed).toHaveBeenCalledWith(refusal)
    expect(() => serve(() => ({}), { port: 70_000 })).toThrow(refusal)
  })

  it('on a stale Unix socket', async () => {
    const path = join(temporary(), 'stale')
    const leave = `require('node:net').createServer()
      .listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`
    spawnSync(process.execPath, ['-e', leave])
    expect(existsSync(path)).toBe(true)
    expect(await failureOf({ path })).toMatchObject({
      code: 'EADDRINUSE',
      message: `cannot listen on ${path}: the socket file exists; if no server uses it, it is stale: remove it`,
    })
  })

  it('if its socket file cannot be created', async () => {
    const file = join(temporary(), 'file')
    writeFileSync(file, '')
    expect(await failureOf({ path: join(file, 'socket') })).toMatchObject({
      message: expect.stringMatching(new RegExp(`^cannot listen on ${file}/socket: `)),
    })
  })

  it('with a bad key', async () => {
    expect(await failureOf({ tls: { key: 'no key', cert: 'no certificate' } })).toMatchObject({
      code: expect.stringMatching(/^ERR_OSSL/), message: expect.stringMatching(/^cannot listen on \*:0: TLS: /),
    })
  })
})

describe('the message', () => {
  it.each<[string, ListenOptions, string]>([
    ['EACCES', { port: 80 }, 'cannot listen on *:80: no permission for this port'],
    ['EACCES', { path: '/a' }, 'cannot listen on /a: no permission to create the socket file'],
    ['ENOTFOUND', { host: 'nowhere.invalid' }, 'cannot listen on nowhere.invalid:0: there is no such host name'],
    ['ENFILE', {}, 'cannot listen on *:0: the text of Node'],
  ])('of %s says what to do', (code, options, message) => {
    const error = Object.assign(new Error('the text of Node'), { code })
    expect(listenError(error, options)).toMatchObject({ code, message, cause: error })
  })

  it('has a code even if Node gives none', () => {
    expect(listenError(new Error('odd'), {})).toMatchObject({ code: 'ERR_LISTEN' })
  })
})

describe('a server', () => {
  it('that is closed before it listens does not listen', async () => {
    for (const options of [{}, { host: 'localhost' }, { signal: AbortSignal.abort() }]) {
      const server = serve(() => ({}), options)
      const { listening } = server
      await server.close()
      await expect(listening).rejects.toMatchObject({ code: 'ERR_CLOSED' })
      expect(server.address).toBeNull()
    }
  })

  it('that fails to accept one connection continues with the others', async () => {
    const server = await start(() => ({}))
    const { listener } = server as unknown as { listener: { server: { emit(name: string, error: Error): void } } }
    const error = new Error('accept EMFILE')
    listener.server.emit('error', error)
    expect(server.errors).toEqual([error])
    expect(server.address).not.toBeNull()
  })

  it('that can\'t listen completes its Observables', async () => {
    const port = await takenPort()
    const server = serve(() => ({}), { port, host: '127.0.0.1' })
    const ends: string[] = []
    server.requests$.subscribe({ complete: () => { ends.push('requests') } })
    server.draining$.subscribe({ next: () => { ends.push('draining') }, complete: () => { ends.push('drained') } })
    await server.listening.catch(() => undefined)
    server.events$.subscribe({ complete: () => { ends.push('events') } })
    server.connections$.subscribe({ complete: () => { ends.push('connections') } })
    expect(ends).toEqual(['drained', 'requests', 'events', 'connections'])
  })
})
