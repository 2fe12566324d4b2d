/**
 * The upgrade of a request to a connection, with a fake request.
 */
import { Duplex } from 'node:stream'
import { describe, expect, it } from '@jest/globals'
import { ReplaySubject } from 'rxjs'
import { Headers, Request, type UpgradeListener } from '../../lib/index.js'
import { upgradeWebSocket, type UpgradableReqd, type WebSocketClosure } from '../../lib/ws/index.js'
import { FrameReader } from './frames.js'
import { told } from './raw-client.js'
import { Stage } from './stage.js'

class FakeReqd implements UpgradableReqd {
  readonly request: Request
  readonly aborted$ = new ReplaySubject<void>()
  readonly closing$ = new ReplaySubject<void>()
  readonly log: unknown[] = []
  listener: UpgradeListener | null = null

  constructor(headers: Record<string, string> = {}) {
    const handshake = {
      'host': 'localhost',
      'upgrade': 'websocket',
      'connection': 'Upgrade',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      'sec-websocket-version': '13',
    }
    this.request = Request.create('GET', '/', { headers: Headers.of({ ...handshake, ...headers }) })
  }

  respond({ status }: { status?: number }): void {
    this.log.push(status)
  }

  takeOver(listener: UpgradeListener): void {
    this.listener = listener
  }

  reportExn(error: unknown): void {
    this.log.push(error)
  }
}

/** A socket that records its writes. */
class Paper extends Duplex {
  readonly chunks: Buffer[] = []

  override _read(): void {
    // Nothing comes in.
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.chunks.push(chunk)
    done()
  }

  /** The frames behind the head of the answer. */
  get frames(): string[] {
    const bytes = Buffer.concat(this.chunks)
    return new FrameReader().read(bytes.subarray(bytes.indexOf('\r\n\r\n') + 4)).map(told)
  }
}

const turn = (): Promise<void> => new Promise(resolve => { setImmediate(resolve) })

describe('an upgrade request', () => {
  it('that is refused is answered, and has no other effect', () => {
    const reqd = new FakeReqd({ 'sec-websocket-version': '12' })
    expect(upgradeWebSocket(reqd).isClosed).toBe(true)
    expect(reqd.log).toEqual([426])
    expect(reqd.listener).toBeNull()
  })

  it('whose client leaves before its turn ends the connection', async () => {
    const reqd = new FakeReqd()
    const connection = upgradeWebSocket(reqd)
    connection.next('waits')
    reqd.aborted$.next()
    expect(connection.closure).toMatchObject({ code: 1006, wasClean: false })
    connection.terminate()
    const socket = new Paper()
    reqd.listener!(socket, new Uint8Array(0))
    await turn()
    expect(socket.destroyed).toBe(true)
    expect(socket.chunks).toEqual([])
  })

  it('that is answered while the server closes gets what was written, then 1001', async () => {
    const reqd = new FakeReqd()
    const connection = upgradeWebSocket(reqd)
    connection.next('hello')
    reqd.closing$.next()
    const socket = new Paper()
    reqd.listener!(socket, new Uint8Array(0))
    await turn()
    expect(socket.frames).toEqual(['text hello', 'close 1001'])
    connection.terminate()
  })

  it('reports a failure of the connection only after it has ended', async () => {
    const reqd = new FakeReqd()
    const connection = upgradeWebSocket(reqd)
    connection.error('broken')
    await turn()
    expect(reqd.log).toEqual([])
    reqd.aborted$.complete()
    await turn()
    expect(reqd.log).toEqual(['broken'])
    connection.terminate()
  })

  it('with invalid water marks throws, and is not answered', () => {
    const reqd = new FakeReqd()
    expect(() => upgradeWebSocket(reqd, { highWaterMark: 1, lowWaterMark: 2 })).toThrow('lowWaterMark must be less')
    expect(reqd.listener).toBeNull()
  })

  it('may have no high-water mark', () => {
    const connection = upgradeWebSocket(new FakeReqd(), { highWaterMark: Infinity })
    const wanted: number[] = []
    connection.ready$.subscribe(bytes => { wanted.push(bytes) })
    expect(wanted).toEqual([Infinity])
    connection.terminate()
  })
})

describe('a handler that fails right after the upgrade', () => {
  it('is answered with 500, and its connection closes', async () => {
    const closures: (WebSocketClosure | null)[] = []
    await using stage = await Stage.open({}, connection => {
      connection.next('never sent')
      connection.closed$.subscribe(() => { closures.push(connection.closure) })
      throw new Error('broken')
    })
    const client = stage.raw()
    expect(await client.head).toContain('HTTP/1.1 500 ')
    await client.ended
    expect(stage.errors).toEqual([new Error('broken')])
    expect(closures).toMatchObject([{ code: 1006, wasClean: false }])
  })
})
