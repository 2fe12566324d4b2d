/**
 * The socket under a TLS socket, on a runtime that has no field for it: it is found by the address of the client.
 */
import { EventEmitter } from 'node:events'
import { Socket } from 'node:net'
import { describe, expect, it } from '@jest/globals'
import { VirtualTimeScheduler } from 'rxjs'
import { Handshakes, type FailedHandshake } from '../../lib/node/handshakes.js'
import { Clock } from '../../lib/runtime/clock.js'

/** A socket of a client at this address. */
function socketAt(remoteAddress: string, remotePort: number): Socket {
  return Object.defineProperties(new Socket(), {
    remoteAddress: { value: remoteAddress }, remotePort: { value: remotePort },
  })
}

/** The connections that a server accepted, and their fates. */
function watched(): { handshakes: Handshakes; server: EventEmitter; failed: FailedHandshake[] } {
  const failed: FailedHandshake[] = []
  const limits = { handshakeTimeout: 10, maxConnections: Infinity }
  const clock = new Clock(10, new VirtualTimeScheduler())
  const handshakes = new Handshakes(limits, clock, failure => { failed.push(failure) })
  const server = new EventEmitter()
  handshakes.watch(server as never)
  return { handshakes, server, failed }
}

describe('the socket under a TLS socket', () => {
  it('is found by its address if there is nothing else', () => {
    const { handshakes, server, failed } = watched()
    const sockets = [socketAt('::1', 1), socketAt('::1', 2), socketAt('::2', 2)]
    for (const socket of sockets) server.emit('connection', socket)
    server.emit('secureConnection', socketAt('::1', 2))
    expect(handshakes.size).toBe(2)
    const reason = new Error('no certificate')
    const tls = socketAt('::2', 2)
    server.emit('tlsClientError', reason, tls)
    expect(tls.destroyed).toBe(true)
    handshakes.abandon()
    expect(failed).toMatchObject([{ error: { code: 'closing' }, remoteAddress: '::1' }, {
      error: reason, remoteAddress: '::2',
    }])
    expect(sockets.map(({ destroyed }) => destroyed)).toEqual([true, false, true])
    handshakes.destroy()
    expect(sockets[1].destroyed).toBe(true)
  })

  it('may be the TLS socket itself', () => {
    const { handshakes, server } = watched()
    const socket = socketAt('::1', 1)
    server.emit('connection', socket)
    server.emit('secureConnection', socket)
    expect(handshakes.size).toBe(0)
  })

  it('is ignored if nothing is known of it', () => {
    const { handshakes, server, failed } = watched()
    server.emit('connection', socketAt('::1', 1))
    server.emit('secureConnection', socketAt('::1', 3))
    const unknown = socketAt('::3', 1)
    server.emit('tlsClientError', new Error('unknown'), unknown)
    expect([handshakes.size, unknown.destroyed, failed]).toEqual([1, true, []])
  })
})
