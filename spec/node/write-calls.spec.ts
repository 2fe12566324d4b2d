/**
 * The two conventions of writing to Node's handles: their detection, and the fallback for any other.
 */
import { once } from 'node:events'
import { connect, createServer, Socket, type AddressInfo } from 'node:net'
import { constants } from 'node:os'
import { describe, expect, it } from '@jest/globals'
import {
  callsOf, findWriteCalls, GivenRequests, requestsOf, ReturnedRequests, type WriteCalls, type WriteHandle,
} from '../../lib/node/write-calls.js'
import { afterwards } from '../helpers/net.js'

/** Like a request of Node that no write uses. */
class Request {
  readonly writeStatus: number | null = null
  getAsyncId(): number { return -1 }
}
class Used extends Request {
  override getAsyncId(): number { return 7 }
}
class Over extends Request {
  override readonly writeStatus: number
  constructor(status: number) {
    super()
    this.writeStatus = status
  }
}

const MAJOR = Number(process.versions.node.split('.')[0])

interface Answering {
  readonly handle: WriteHandle
  readonly given: unknown[]
}

/** A handle whose calls all have this result, and the arguments of the calls. */
function answering(outcome: (request: unknown) => unknown): Answering {
  const given: unknown[] = []
  const call = (request: unknown): never => {
    given.push(request)
    return outcome(request) as never
  }
  return { handle: { writeBuffer: call, writeLatin1String: call, writev: call }, given }
}

describe('the way to write', () => {
  it(`of Node ${MAJOR} is known`, () => {
    expect(findWriteCalls()).toBeInstanceOf(MAJOR < 26 ? GivenRequests : ReturnedRequests)
  })

  it('is found whatever other sockets of the process do', async () => {
    const listening = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1')
    await once(listening, 'listening')
    const socket = connect((listening.address() as AddressInfo).port, '127.0.0.1')
    const [peer] = await once(listening, 'connection') as [Socket]
    afterwards(() => { socket.destroy(); peer.destroy(); listening.close() })
    await once(socket, 'connect')
    socket.write(Buffer.alloc(16 * 1024 * 1024))
    expect(socket.writableLength).toBeGreaterThan(0)
    expect(findWriteCalls()).not.toBeNull()
  })

  it('is none, without an exception, if a socket cannot be created for it', () => {
    expect(findWriteCalls(() => { throw new TypeError('a socket of another kind') })).toBeNull()
  })

  it('is found by one write of each kind', () => {
    expect(requestsOf(handle => new Socket({ handle } as object))).toHaveLength(3)
  })

  it.each([
    ['no request', []],
    ['fewer requests than writes', [null, null]],
    ['more requests than writes', [null, null, null, null]],
    ['null for some', [null, null, new Request()]],
    ['an object for some', [new Request(), new Request(), null]],
    ['objects of different classes', [new Request(), new Request(), new Used()]],
    ['objects without an id', [new Date(), new Date(), new Date()]],
    ['objects that have an id at once', [new Used(), new Used(), new Used()]],
    ['objects without a class', [1, 2, 3].map(() => Object.create(null) as object)],
    ['nothing', [undefined, undefined, undefined]],
  ])('is not known if a socket gives %s', (_, given) => {
    expect(callsOf(given)).toBeNull()
  })
})

describe('write calls that receive a request', () => {
  const calls = (): WriteCalls => callsOf([new Request(), new Request(), new Request()])!

  it('pass the same one until a write uses it', () => {
    const { handle, given } = answering(() => 0)
    const both = calls()
    expect([both.write(handle, 'a'), both.write(handle, Buffer.of(1))]).toEqual([0, 0])
    expect(given[0]).toBe(given[1])
  })

  it('return the one that a write used, and then pass another', () => {
    const { handle, given } = answering(request => {
      Object.assign(request as object, { getAsyncId: () => 9 })
      return 0
    })
    const all = calls()
    expect(all.write(handle, [Buffer.of(1), Buffer.of(2)])).toBe(given[0])
    expect(all.write(handle, 'b')).toBe(given[1])
    expect(given[0]).not.toBe(given[1])
  })

  it('return the error number of a failure', () => {
    expect(calls().write(answering(() => -5).handle, 'a')).toBe(-5)
  })
})

describe('write calls that return a request', () => {
  const write = (outcome: unknown): unknown => {
    const { handle, given } = answering(() => outcome)
    const result = callsOf([null, null, null])!.write(handle, 'a')
    expect(given).toEqual([null])
    return result
  }

  it('return what the handle returned', () => {
    const request = new Used()
    expect([write(0), write(-5), write(request)]).toEqual([0, -5, request])
    expect(write(request)).toBe(request)
  })

  it('return the outcome of a write that was complete within the call', () => {
    expect([write(new Over(0)), write(new Over(-5))]).toEqual([0, -5])
  })

  it('fail if the request was abandoned', () => {
    expect(write(new Request())).toBe(-constants.errno.EPIPE)
  })
})
