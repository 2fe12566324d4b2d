/**
 * The less usual places to listen on, and signals that many servers share.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { checkReusePort } from '../../lib/node/listen-place.js'
import { serve } from '../../lib/node/serve.js'
import { assertBuilt, ROOT } from '../helpers/built.js'
import { status } from '../helpers/listening.js'
import { afterwards, portOf, start } from '../helpers/net.js'

/** A server on the descriptor that its parent hands over. */
const PROGRAM = `
  import { serve } from 'httprx'
  await serve(() => ({ body: 'it' }), { fd: 3 }).listening
  console.log('listening')
`

const CAN_REUSE = ((): boolean => {
  try {
    checkReusePort(process.versions.node)
    return true
  } catch {
    return false
  }
})()

describe('a server listens', () => {
  it('on a file descriptor that already listens', async () => {
    assertBuilt('esm')
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    afterwards(() => other.close())
    const { port } = other.address() as AddressInfo
    const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM], {
      cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit', (other as unknown as { _handle: { fd: number } })._handle.fd],
    })
    afterwards(async () => {
      child.kill()
      await once(child, 'close')
    })
    await once(child.stdout!, 'data')
    // Either of both processes may accept on a shared descriptor. This one has no handler, so it must not accept.
    other.close()
    expect(await status(port, '/')).toBe(200)
  })

  it.each([[true, false, 0o4], [false, true, 0o2], [true, true, 0o6], [false, false, 0]])(
    'on a socket file that all users may read (%s) and write to (%s)', async (readableAll, writableAll, mode) => {
      const folder = mkdtempSync(join(tmpdir(), 'httprx-'))
      afterwards(() => { rmSync(folder, { recursive: true }) })
      const before = process.umask(0o077)
      const server = await start(() => ({}), { path: join(folder, 'socket'), readableAll, writableAll })
        .finally(() => process.umask(before))
      expect(statSync(server.address as string).mode & mode).toBe(mode)
    })

  it('on one port with another server, or says that it cannot', async () => {
    const first = serve(() => ({ body: 'it' }), { host: '127.0.0.1', reusePort: true })
    afterwards(() => first.close().catch(() => undefined))
    if (!CAN_REUSE) {
      await expect(first.listening).rejects.toMatchObject({ code: 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM' })
      return
    }
    await first.listening
    await start(() => ({ body: 'it' }), { host: '127.0.0.1', port: portOf(first), reusePort: true })
    expect(await status(portOf(first), '/')).toBe(200)
  })
})

describe('a signal', () => {
  it('may be shared by many servers, and by many listeners within a request', async () => {
    const warnings: Error[] = []
    const onWarning = (warning: Error): void => { warnings.push(warning) }
    process.on('warning', onWarning)
    afterwards(() => process.off('warning', onWarning))
    const controller = new AbortController()
    const servers = await Promise.all(Array.from({ length: 12 }, () => start(reqd => {
      for (let i = 0; i < 12; i++) reqd.signal.addEventListener('abort', () => undefined)
      return { body: 'it' }
    }, { signal: controller.signal })))
    expect(await status(portOf(servers[0]), '/')).toBe(200)
    controller.abort()
    await Promise.all(servers.map(({ closed }) => closed))
    await new Promise(resolve => { setImmediate(resolve) })
    expect(warnings).toEqual([])
  })
})
