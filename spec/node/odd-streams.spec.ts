/**
 * Streams of the application that were given to `accept`, and do what Node's sockets do not do. Each ends its own
 * connection alone, and neither an exception nor an open connection remains.
 */
import { once } from 'node:events'
import { Duplex } from 'node:stream'
import { describe, expect, it } from '@jest/globals'
import { NEVER } from 'rxjs'
import { Headers } from '../../lib/message/headers.js'
import type { Handler } from '../../lib/reactive/streamed-reqd.js'
import { upgradeWebSocket } from '../../lib/ws/upgrade.js'
import { ask, signal, start } from '../helpers/net.js'

type Callback = (error?: Error | null) => void

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
const LARGE = 'x'.repeat(40_000)

const UPGRADE = Headers.of({ Upgrade: 'websocket' })
const thrown = new Error('of the stream')

function fail(): never {
  throw thrown
}

/** A stream without another end, which keeps what is written to it. */
class Lone extends Duplex {
  text = ''

  override _read(): void {
    // The specs push.
  }

  override _write(bytes: Buffer, _encoding: string, done: Callback): void {
    this.text += bytes.toString('latin1')
    done()
  }
}

class FailingWrite extends Lone {
  override _write(): void {
    fail()
  }
}

class FailingLater extends Lone {
  override _write(bytes: Buffer, encoding: string, done: Callback): void {
    if (this.text !== '') fail()
    super._write(bytes, encoding, done)
  }
}

class Unpausing extends Lone {
  override pause(): never {
    return fail()
  }
}

class Unresuming extends Lone {
  override resume(): never {
    return fail()
  }
}

class Unending extends Lone {
  override end(): never {
    return fail()
  }
}

/** Calls back twice, within the call. */
class Stuttering extends Lone {
  override write(...args: unknown[]): boolean {
    const done = args.at(-1) as () => void
    this.text += String(args[0])
    done()
    done()
    return true
  }
}

/** The application's own mistake, which only closing brings to light. */
class Indestructible extends Lone {
  override destroy(): never {
    return fail()
  }
}

class Unclosing extends Lone {
  override _destroy(): void {
    // It never calls back, so that the stream never emits `close`.
  }
}

const large: Handler = () => ({ body: LARGE })
const endless: Handler = () => ({ body: NEVER, head: 'atOnce' })

/** Handles a request on the stream, beside a request on a socket, closes the server, and returns what was reported. */
async function expectEnd(stream: Lone, handler: Handler, request = GET): Promise<readonly unknown[]> {
  const handled = signal()
  const server = await start(reqd => {
    if (reqd.target === '/other') return { body: 'served' }
    handled.resolve()
    return handler(reqd)
  })
  server.accept(stream)
  stream.push(request)
  await handled.promise
  expect(await ask(server, { path: '/other' })).toMatchObject({ body: 'served' })
  await server.close({ graceMs: 1 })
  return server.errors
}

describe('a stream that was accepted', () => {
  it.each<[string, Lone, Handler]>([
    ['whose write throws', new FailingWrite(), large],
    ['whose second write throws', new FailingLater(), large],
    ['that cannot be paused', new Unpausing(), endless],
    ['that cannot be ended', new Unending({ autoDestroy: false }), large],
    ['that cannot be destroyed', new Indestructible({ autoDestroy: false }), endless],
    ['that never closes', new Unclosing(), endless],
  ])('%s ends its connection alone', async (_, stream, handler) => {
    await expectEnd(stream, handler, handler === endless ? GET.repeat(3_000) : GET)
  })

  it('that cannot be resumed ends its connection alone', async () => {
    const server = await start(large)
    server.accept(new Unresuming())
    expect((await ask(server)).status).toBe(200)
    await server.close({ graceMs: 60_000 })
  })

  it('that calls back twice for a write is written to once', async () => {
    const server = await start(large)
    const stream = new Stuttering()
    server.accept(stream)
    stream.push(GET.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'))
    await once(stream, 'finish')
    stream.push(null)
    await once(stream, 'close')
    expect(stream.text.split('\r\n\r\n')[1]).toBe(LARGE)
  })

  it.each<[string, Lone, unknown]>([
    ['text', new Lone().setEncoding('utf8'), GET],
    ['objects', new Lone({ readableObjectMode: true }), { a: 'request' }],
    ['other views than bytes', new Lone({ readableObjectMode: true }), new Uint16Array(8)],
  ])('that emits %s is reported once', async (_, stream, value) => {
    const server = await start(large)
    server.accept(stream)
    stream.push(value)
    await once(stream, 'close')
    expect(server.errors).toMatchObject([{ name: 'LocalProtocolError', code: 'badState' }])
    expect((await ask(server)).status).toBe(200)
  })

  it.each<[string, Handler]>([
    ['a WebSocket', reqd => { upgradeWebSocket(reqd) }],
    ['a protocol of the application', reqd => { reqd.respondWithUpgrade(UPGRADE, () => undefined) }],
  ])('that never closes, upgraded to %s, does not keep the server from closing', async (_, upgrade) => {
    const request = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n'
      + 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'
    expect(await expectEnd(new Unclosing(), upgrade, request)).toEqual([])
    expect(await expectEnd(new Indestructible({ autoDestroy: false }), upgrade, request)).toEqual([])
  })
})
