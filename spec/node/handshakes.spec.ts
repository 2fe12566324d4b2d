/**
 * TLS handshakes that fail, stall, or are too many: they leave nothing behind, and other clients are served.
 */
import { once } from 'node:events'
import { connect as connectSocket, type Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { describe, expect, it } from '@jest/globals'
import { filter, firstValueFrom, map, type Observable, take, toArray } from 'rxjs'
import { listen } from '../../lib/node/listen.js'
import type { ListenOptions } from '../../lib/node/listen-options.js'
import { serve, type Server } from '../../lib/node/serve.js'
import { watchSockets } from '../helpers/descriptors.js'
import { afterwards, Client, portOf, signal, start } from '../helpers/net.js'
import { OTHER, startTls, TLS, tlsClient } from '../helpers/tls.js'

const LAST = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'

/** The beginning of a ClientHello of 200 bytes. */
const HALF_HELLO = Buffer.from('16030100c8010000c40303', 'hex')

/** Options with low limits. */
const HASTY: ListenOptions = { handshakeTimeout: 200, connectionsCheckingInterval: 10 }

/** The reasons of failed handshakes, from now on. */
function reasons(server: Server): Observable<string> {
  return server.events$.pipe(
    filter(event => event.type === 'handshakeError'),
    map(({ reason, remoteAddress }) => `${reason} ${remoteAddress}`),
  )
}

/** The reasons of that many failed handshakes. */
function failures(server: Server, count: number): Promise<string[]> {
  return firstValueFrom(reasons(server).pipe(take(count), toArray()))
}

/** The socket of a client with TLS. */
function tlsOf({ socket }: Client): TLSSocket {
  if (socket instanceof TLSSocket) return socket
  throw new Error('no TLS')
}

async function raw(server: Server): Promise<Socket> {
  const socket = connectSocket({ port: portOf(server), host: '127.0.0.1', allowHalfOpen: true })
  afterwards(() => socket.destroy())
  socket.on('error', () => undefined).resume()
  await once(socket, 'connect')
  return socket
}

/** Connects that many clients, 50 at a time. */
async function crowd(count: number, act: () => Promise<void>): Promise<void> {
  const lane = async (): Promise<void> => {
    for (let i = 0; i < count / 50; i++) await act()
  }
  await Promise.all(Array.from({ length: 50 }, lane))
}

describe('a TLS handshake', () => {
  const BREAKS: Record<string, (socket: Socket) => unknown> = {
    'is left at once': socket => socket.destroy(),
    'is met with an end': socket => socket.end(),
    'is met with a reset': socket => socket.resetAndDestroy(),
    'is left in its middle': socket => socket.write(HALF_HELLO, () => socket.destroy()),
    'is ended in its middle': socket => socket.end(HALF_HELLO),
    'is none': socket => socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n'),
  }

  it.each(Object.entries(BREAKS))('that %s, 400 times, leaves no descriptor', async (_, act) => {
    const server = await startTls(() => ({ body: 'it' }), { handshakeTimeout: 0 })
    const leftOpen = watchSockets()
    const failed = failures(server, 400)
    await crowd(400, async () => {
      const socket = await raw(server)
      const closed = once(socket, 'close')
      act(socket)
      // A half-close is answered with a half-close.
      socket.on('end', () => socket.destroy())
      await closed
    })
    // A socket that was reset before it was accepted has no address any more.
    for (const reason of await failed) expect(reason).toMatch(/^(ECONNRESET|ERR_SSL_\w+) (127\.0\.0\.1)?$/)
    expect(leftOpen()).toEqual([])
    expect(await (await tlsClient(server)).send(LAST).all()).toMatch(/it$/)
  })

  it('that a health check leaves at once, a thousand times, is closed by default', async () => {
    const server = await startTls(() => ({ body: 'it' }))
    const leftOpen = watchSockets()
    const failed = failures(server, 1000)
    await crowd(1000, async () => {
      const socket = await raw(server)
      socket.destroy()
      await once(socket, 'close')
    })
    await failed
    expect(leftOpen()).toEqual([])
  })

  it.each([['silent', ''], ['half a ClientHello', HALF_HELLO]])(
    'that stalls (%s) is closed at handshakeTimeout', async (_, sent) => {
      const server = await startTls(() => ({}), HASTY)
      const leftOpen = watchSockets()
      const failed = failures(server, 1)
      const socket = await raw(server)
      if (sent !== '') socket.write(sent)
      await once(socket, 'end')
      expect(await failed).toEqual(['handshakeTimeout 127.0.0.1'])
      socket.destroy()
      await once(socket, 'close')
      expect(leftOpen()).toEqual([])
    })

  it('that stalls, two thousand at once, leaves nothing behind, and others are served', async () => {
    const server = await startTls(() => ({ body: 'it' }), { ...HASTY, handshakeTimeout: 1_000 })
    const leftOpen = watchSockets()
    const failed = failures(server, 2000)
    const closed: Promise<unknown>[] = []
    await crowd(2000, async () => {
      const socket = await raw(server)
      closed.push(once(socket, 'close'))
      socket.write(HALF_HELLO)
      socket.on('end', () => socket.destroy())
    })
    const other = await tlsClient(server)
    closed.push(once(other.socket, 'close'))
    expect(await other.send(LAST).end().all()).toMatch(/it$/)
    expect(new Set(await failed)).toEqual(new Set(['handshakeTimeout 127.0.0.1']))
    await Promise.all(closed)
    expect(leftOpen()).toEqual([])
  })

  it('that is complete is no longer limited', async () => {
    const server = await startTls(() => ({ body: 'it' }), HASTY)
    const failed = failures(server, 1)
    const client = await tlsClient(server)
    await raw(server)
    expect(await failed).toEqual(['handshakeTimeout 127.0.0.1'])
    expect(await client.send(LAST).all()).toMatch(/it$/)
  })

  it('is limited with listen as well', async () => {
    const taken = serve(() => ({}), { host: '127.0.0.1' })
    await taken.listening
    const port = portOf(taken)
    await taken.close()
    const subscription = listen({ ...HASTY, host: '127.0.0.1', port, tls: TLS }).subscribe()
    afterwards(() => { subscription.unsubscribe() })
    const socket = connectSocket(port, '127.0.0.1').resume()
    await once(socket, 'close')
  })
})

describe('maxConnections of a server with TLS', () => {
  it('counts sockets in a handshake, of which the oldest makes room for a new one', async () => {
    const server = await startTls(() => ({ body: 'it' }), { maxConnections: 50, handshakeTimeout: 0 })
    const failed = failures(server, 10)
    const silent: Promise<unknown>[] = []
    for (let count = 0; count < 50; count++) silent.push(once(await raw(server), 'end'))
    for (let count = 0; count < 10; count++) {
      expect(await (await tlsClient(server)).send(LAST).receives('it')).toMatch(/it$/)
    }
    expect(new Set(await failed)).toEqual(new Set(['maxConnections 127.0.0.1']))
    await Promise.all(silent.slice(0, 10))
  })

  it('refuses further ones if all have completed their handshake', async () => {
    const server = await startTls(() => ({ body: 'it' }), { maxConnections: 2 })
    const closed = firstValueFrom(server.events$.pipe(filter(({ type }) => type === 'close'), take(2), toArray()))
    const accepted = firstValueFrom(server.connections$.pipe(take(2), toArray()))
    const clients = [await tlsClient(server), await tlsClient(server)]
    await accepted
    const failed = failures(server, 1)
    await once(await raw(server), 'end')
    expect(await failed).toEqual(['maxConnections 127.0.0.1'])
    for (const client of clients) expect(await client.send(LAST).end().all()).toMatch(/it$/)
    await closed
    // Node reports the close of a socket at the end of a turn.
    for (let turn = 0; turn < 2; turn++) await new Promise(resolve => { setImmediate(resolve) })
    expect(await (await tlsClient(server)).send(LAST).all()).toMatch(/it$/)
  })
})

describe('the options tls', () => {
  it('may choose the protocol with a callback', async () => {
    const server = await startTls(() => ({ body: 'it' }), {
      tls: { ...TLS, ALPNCallback: ({ protocols }) => protocols.find(name => name.startsWith('http/')) },
    })
    const client = await tlsClient(server, { ALPNProtocols: ['h2', 'http/1.1'] })
    expect(tlsOf(client).alpnProtocol).toBe('http/1.1')
    expect(await client.send(LAST).all()).toMatch(/it$/)
  })

  it('give the client\'s certificate to the handler', async () => {
    const server = await startTls(({ peerCertificate: peer }) => ({
      body: peer === null ? 'none' : `${String(peer.subject['CN'])} ${peer.isAuthorized} [${peer.authorizationError}]`,
    }), { tls: { ...TLS, ca: TLS.cert, requestCert: true, rejectUnauthorized: false } })
    const answers = [{}, TLS, OTHER].map(async shown => (await tlsClient(server, shown)).send(LAST).all())
    const bodies = (await Promise.all(answers)).map(answer => answer.slice(answer.indexOf('\r\n\r\n') + 4))
    expect(bodies).toEqual(['none', 'localhost true []', 'other false [DEPTH_ZERO_SELF_SIGNED_CERT]'])
  })

  it('give no certificate without TLS, nor when the client is gone', async () => {
    const plain = await start(({ peerCertificate }) => ({ body: String(peerCertificate === null) }))
    const client = new Client(connectSocket(portOf(plain), '127.0.0.1'))
    expect(await client.send(LAST).all()).toMatch(/true$/)
    const [begun, gone] = [signal<null>(), signal<unknown>()]
    const server = await startTls(reqd => {
      begun.resolve(null)
      server.events$.subscribe(({ type }) => { if (type === 'close') gone.resolve(reqd.peerCertificate) })
    }, { tls: { ...TLS, requestCert: true, rejectUnauthorized: false }, connectionsCheckingInterval: 10 })
    const leaving = await tlsClient(server, TLS)
    leaving.send(LAST)
    await begun.promise
    leaving.socket.destroy()
    expect(await gone.promise).toBeNull()
  })

  it('refuse a client with an untrusted certificate, which emits an event', async () => {
    const server = await startTls(() => ({}), { tls: { ...TLS, ca: TLS.cert, requestCert: true } })
    const failed = failures(server, 1)
    const client = await tlsClient(server, { ...OTHER, maxVersion: 'TLSv1.2' }).catch(() => null)
    expect(client).toBeNull()
    expect(await failed).toEqual([expect.stringMatching(/ 127\.0\.0\.1$/)])
  })
})

describe('setSecureContext', () => {
  const fingerprint = async (server: Server): Promise<string> => {
    const client = await tlsClient(server, { rejectUnauthorized: false })
    const { subject } = tlsOf(client).getPeerCertificate()
    expect(await client.send(LAST).all()).toMatch(/it$/)
    return String(subject.CN)
  }

  it('replaces the certificate for new connections; existing ones continue', async () => {
    const server = await startTls(() => ({ body: 'it' }))
    const before = await tlsClient(server)
    expect(await fingerprint(server)).toBe('localhost')
    server.setSecureContext(OTHER)
    expect(await fingerprint(server)).toBe('other')
    expect(await before.send(LAST).all()).toMatch(/it$/)
  })

  it('keeps the options that are not given', async () => {
    const server = await startTls(() => ({ body: 'it' }), { tls: { ...TLS, maxVersion: 'TLSv1.2' } })
    server.setSecureContext(OTHER)
    const client = await tlsClient(server, { rejectUnauthorized: false })
    expect(tlsOf(client).getProtocol()).toBe('TLSv1.2')
  })

  it('changes nothing if the new certificate can\'t be used', async () => {
    const server = await startTls(() => ({ body: 'it' }))
    expect(() => { server.setSecureContext({ key: 'no key' }) }).toThrow()
    expect(() => { server.setSecureContext({ pfx: 'no bundle' }) }).toThrow()
    expect(await fingerprint(server)).toBe('localhost')
  })

  it('throws without TLS, and on a closed server', async () => {
    const plain = await start(() => ({}))
    expect(() => { plain.setSecureContext(TLS) }).toThrow(expect.objectContaining({ code: 'badState' }))
    const server = await startTls(() => ({}))
    await server.close()
    expect(() => { server.setSecureContext(TLS) }).toThrow(expect.objectContaining({ code: 'badState' }))
  })
})
