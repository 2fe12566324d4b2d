/**
 * The socket that a test hands over to another protocol: it behaves like Node's sockets, but synchronously.
 */
import { describe, expect, it } from '@jest/globals'
import { filter, map } from 'rxjs'
import { Headers } from '../../lib/message/headers.js'
import {
  get, marbles, webSocketClose, webSocketMessage, type MarbleHelpers, type TestClient, type TestSocket,
} from '../../lib/testing/index.js'

const CONNECT = 'CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n'

interface Case {
  readonly sends: string
  readonly reads?: string
  readonly use: (socket: TestSocket, head: string) => void
}

/** A client whose connection is handed over to `use`; letters stand for themselves. */
function tunnel({ serve }: MarbleHelpers, { sends, reads, use }: Case): TestClient {
  const server = serve(reqd => {
    reqd.respondWithUpgrade(Headers.empty, (transport, head) => {
      use(transport as TestSocket, Buffer.from(head).toString())
    })
  })
  const values = { C: CONNECT, D: `${CONNECT}head`, a: 'a', b: 'b', c: 'c', 1: 1 }
  return server.connect(sends, values, reads === undefined ? {} : { reads })
}

/** The output behind the response. */
function outputOf(client: TestClient): TestClient['output$'] {
  return client.output$.pipe(filter(text => !text.startsWith('HTTP')))
}

describe('a socket that was handed over', () => {
  it('emits input from the first listener on, after bytes that were put back', () => {
    marbles(helpers => {
      const client = tunnel(helpers, {
        sends: 'D-a|',
        use: (socket, head) => {
          socket.unshift(Buffer.from(head))
          socket.on('data', data => { socket.write(`<${String(data)}>`) })
          socket.once('end', () => { socket.end('bye', () => { socket.destroy() }) })
        },
      })
      helpers.expectObservable(outputOf(client)).toBe('a-b(c|)', { a: '<head>', b: '<a>', c: 'bye' })
      helpers.expectObservable(client.closed$).toBe('---(c|)', { c: 'closed' })
    })
  })

  it('holds input while it is paused', () => {
    marbles(helpers => {
      const client = tunnel(helpers, {
        sends: 'C-a-b-c',
        use: socket => {
          socket.addListener('data', data => {
            socket.write(data as Uint8Array)
            socket.pause()
            helpers.cold('---x').subscribe(() => { socket.resume() })
          })
        },
      })
      helpers.expectObservable(outputOf(client)).toBe('--a--b--c')
    })
  })

  it('tells how many bytes are pending, and when they are taken', () => {
    marbles(helpers => {
      const told: unknown[] = []
      const client = tunnel(helpers, {
        sends: 'C',
        reads: 'o-x-----1-o',
        use: socket => {
          socket.on('drain', () => { told.push('drain') })
          helpers.cold('---x').subscribe(() => {
            told.push(socket.write('ab', 'utf8', () => { told.push('written') }))
            told.push(socket.write('cd', () => { told.push('written, too') }))
            told.push(socket.writableLength, socket.writableNeedDrain)
          })
        },
      })
      const seen$ = outputOf(client).pipe(map(text => `${text} ${told.splice(0).join()}`))
      helpers.expectObservable(seen$).toBe('--------a-(bc)', { a: 'a false,false,4,true', b: 'b ', c: 'cd written' })
    })
  })

  it('writes corked bytes in one piece', () => {
    marbles(helpers => {
      const client = tunnel(helpers, {
        sends: 'C',
        use: socket => {
          socket.cork()
          socket.write('a')
          socket.write(new Uint8Array([98]))
          socket.uncork()
        },
      })
      helpers.expectObservable(outputOf(client)).toBe('a', { a: 'ab' })
    })
  })

  it('ends, and accepts no writes afterwards', () => {
    marbles(helpers => {
      const told: unknown[] = []
      const client = tunnel(helpers, {
        sends: 'C--|',
        use: socket => {
          expect([socket.readable, socket.writable, socket.destroyed]).toEqual([true, true, false])
          socket.on('data', () => undefined)
          socket.on('close', () => { told.push('close') })
          socket.end()
          socket.end(() => { told.push('ended already') })
          told.push(socket.write('more', error => { told.push(error?.message) }))
        },
      })
      helpers.expectObservable(outputOf(client)).toBe('|')
      helpers.expectObservable(client.closed$.pipe(map(() => told.join()))).toBe('---(c|)', {
        c: 'ended already,write after end,false',
      })
    })
  })

  it('calls back when the end was written', () => {
    marbles(helpers => {
      const told: unknown[] = []
      const client = tunnel(helpers, {
        sends: 'C',
        reads: 'o-x---o',
        use: socket => {
          helpers.cold('---x').subscribe(() => { socket.end('a', () => { told.push('finished') }) })
        },
      })
      helpers.expectObservable(outputOf(client).pipe(map(() => told.length))).toBe('------(a|)', { a: 0 })
      const later$ = helpers.cold('-------(x|)').pipe(map(() => told.join()))
      helpers.expectObservable(later$).toBe('-------(x|)', { x: 'finished' })
    })
  })

  it('fails when the client resets it, and is destroyed with an error', () => {
    marbles(helpers => {
      const told: string[] = []
      const broken = tunnel(helpers, {
        sends: 'C--#',
        use: socket => {
          socket.on('error', error => { told.push(String(error)) })
          socket.on('close', () => { told.push('close') })
        },
      })
      const destroyed = tunnel(helpers, {
        sends: 'C',
        use: socket => { socket.destroy(new Error('enough')).destroy() },
      })
      helpers.expectObservable(broken.closed$).toBe('---(r|)', { r: 'reset' })
      helpers.expectObservable(destroyed.closed$).toBe('(r|)', { r: 'reset' })
      helpers.expectObservable(helpers.cold('----(x|)').pipe(map(() => told.join()))).toBe('----(x|)', {
        x: 'ConnectionResetError: the client reset the connection,close',
      })
    })
  })

  it('has the properties and methods that libraries use', () => {
    marbles(helpers => {
      tunnel(helpers, {
        sends: 'C',
        use: socket => {
          const listener = (): void => undefined
          expect(socket.setTimeout().setNoDelay().setKeepAlive().remoteAddress).toBe('client 1')
          expect(socket.once('data', listener).listenerCount('data')).toBe(1)
          expect(socket.removeListener('data', listener).off('end', listener).listenerCount('data')).toBe(0)
          expect(socket.listenerCount('none')).toBe(0)
        },
      })
    })
  })
})

describe('a message of a test client', () => {
  it('may be a WebSocket frame of any length', () => {
    expect(webSocketMessage('hi')).toEqual(Uint8Array.of(0x81, 0x82, 0, 0, 0, 0, 104, 105))
    expect(webSocketMessage(new Uint8Array(300)).subarray(0, 8)).toEqual(Uint8Array.of(0x82, 0xfe, 1, 44, 0, 0, 0, 0))
    expect(webSocketClose()).toEqual(Uint8Array.of(0x88, 0x82, 0, 0, 0, 0, 3, 232))
  })

  it('has the given Host', () => {
    expect(get('/', { host: 'example.org' })).toBe('GET / HTTP/1.1\r\nhost: example.org\r\n\r\n')
  })
})
