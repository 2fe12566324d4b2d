/**
 * The ways to read a request body.
 */
import { describe, expect, it } from '@jest/globals'
import { concat, map, of, range, take, tap } from 'rxjs'
import { concatMap as withDemand } from '../../../lib/demand/flattening.js'
import { Headers } from '../../../lib/message/headers.js'
import type { RequestBody } from '../../../lib/reactive/request-body/request-body.js'
import { inVirtualTime } from '../../helpers/marbles.js'
import { left, log, PeerBody, peerOf } from '../peer-body.js'

const taken = expect.objectContaining({ name: 'LocalProtocolError', code: 'alreadyScheduled' })
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

describe('bytes$', () => {
  it('emits chunks as they arrive', () => {
    inVirtualTime(({ hot, expectObservable, flush }) => {
      const sent = '    -a-b--c|'
      const expected = '-a-b--c|'
      const peer = peerOf(hot, sent)
      expectObservable(peer.body.bytes$.pipe(map(textOf))).toBe(expected)
      flush()
      expect(peer.closed).toBe(0)
    })
  })

  it('reads nothing before it is subscribed', () => {
    inVirtualTime(({ hot, expectObservable, flush }) => {
      const sent = '    -a-b----c|'
      const sub = '     -----^----'
      const expected = '-----(ab|)'
      const peer = peerOf(hot, sent)
      expectObservable(peer.body.bytes$.pipe(map(textOf), take(2)), sub).toBe(expected)
      flush()
      expect(peer.closed).toBe(1)
    })
  })

  it('fails with the body', () => {
    inVirtualTime(({ hot, expectObservable }) => {
      const sent = '    -a-#'
      const expected = '-a-#'
      expectObservable(peerOf(hot, sent).body.bytes$.pipe(map(textOf))).toBe(expected, undefined, left)
    })
  })

  it('closes the body once when it is unsubscribed', () => {
    inVirtualTime(({ hot, expectObservable, flush }) => {
      const sent = '    -a-b-c-d|'
      const unsub = '   ^---!'
      const expected = '-a-b-'
      const peer = peerOf(hot, sent)
      expectObservable(peer.body.bytes$.pipe(map(textOf)), unsub).toBe(expected)
      flush()
      expect(peer).toMatchObject({ closed: 1, wanted: 3 })
    })
  })

  it('does not read on if it is unsubscribed within a chunk', () => {
    const peer = new PeerBody().send('a', 'b')
    expect(log(peer.body.bytes$.pipe(map(textOf), take(1)))).toEqual(['a', 'complete'])
    expect(peer).toMatchObject({ closed: 1, wanted: 1 })
  })

  it('does not grow the stack if all chunks are available', () => {
    const peer = new PeerBody().send(...Array<string>(50_000).fill('x')).end()
    expect(log(peer.body.bytes$)).toHaveLength(50_001)
  })

  it('fails if the body was closed before, and concatMap if it is closed meanwhile', () => {
    const before = new PeerBody()
    before.reader.close()
    const closed = { error: expect.objectContaining({ code: 'bodyClosed' }) }
    expect(log(before.body.bytes$)).toEqual([closed])
    const then = new PeerBody()
    const seen = log(then.body.concatMap(() => {
      then.reader.close()
      return of('read')
    }))
    then.send('a')
    expect(seen).toEqual(['read', closed])
  })
})

describe('lent$', () => {
  it('emits chunks as they come, each empty when `next` has returned', () => {
    inVirtualTime(({ hot, expectObservable, flush }) => {
      const sent = '    -a-b--c|'
      const expected = '-a-b--c|'
      const peer = peerOf(hot, sent)
      const chunks: Uint8Array[] = []
      expectObservable(peer.body.lent$.pipe(tap(chunk => chunks.push(chunk)), map(textOf))).toBe(expected)
      flush()
      expect(chunks.map(({ length }) => length)).toEqual([0, 0, 0])
      expect(peer.closed).toBe(0)
    })
  })

  it('ends a loan whose consumer throws', () => {
    const peer = new PeerBody().send('a', 'b').end()
    const chunks: Uint8Array[] = []
    const thrown = new Error('thrown')
    peer.body.lent$.subscribe(chunk => {
      chunks.push(chunk)
      throw thrown
    })
    expect(chunks.map(({ length }) => length)).toEqual([0, 0])
    expect(peer.errors).toEqual([thrown, thrown])
  })

  it('leaves a chunk to a consumer that transfers it', () => {
    const peer = new PeerBody().send('abc', 'de').end()
    const kept: Uint8Array[] = []
    peer.body.lent$.subscribe(chunk => {
      kept.push(structuredClone(chunk, { transfer: [chunk.buffer as ArrayBuffer] }))
    })
    expect(kept.map(textOf)).toEqual(['abc', 'de'])
  })

  it('gives a consumer with demand chunks of its own', () => {
    const peer = new PeerBody().send('abc', 'de').end()
    const kept: Uint8Array[] = []
    peer.body.lent$.pipe(withDemand(chunk => {
      kept.push(chunk)
      return of(0)
    })).subscribe()
    expect(kept.map(textOf)).toEqual(['abc', 'de'])
  })

  it('closes the body when it is unsubscribed', () => {
    const peer = new PeerBody().send('a', 'b')
    expect(log(peer.body.lent$.pipe(map(textOf), take(1)))).toEqual(['a', 'complete'])
    expect(peer).toMatchObject({ closed: 1, wanted: 1 })
  })
})

describe('concatMap', () => {
  it('reads nothing while an inner Observable is active', () => {
    inVirtualTime(({ hot, cold, expectObservable, expectSubscriptions, flush }) => {
      const sent = '    -a-b-------c---|'
      const inner = cold('x--y|           ')
      const first = '   -^---!          '
      const second = '  -----^---!      '
      const third = '   -----------^---!'
      const expected = '-x--yx--y--x--y|'
      const peer = peerOf(hot, sent)
      const wanted: number[] = []
      const result = peer.body.concatMap(() => {
        wanted.push(peer.wanted)
        return inner
      })
      expectObservable(result).toBe(expected)
      expectSubscriptions(inner.subscriptions).toBe([first, second, third])
      flush()
      expect(wanted).toEqual([1, 2, 3])
    })
  })

  it('passes the index of each chunk, and accepts any ObservableInput', async () => {
    const peer = new PeerBody().send('a', 'b').end()
    const seen: string[] = []
    const result = peer.body.concatMap<string>((chunk, i) => {
      const text = textOf(chunk) + i
      return i === 0 ? [text, 'and'] : Promise.resolve(text)
    })
    await result.forEach(value => seen.push(value))
    expect(seen).toEqual(['a0', 'and', 'b1'])
  })

  it('fails with the inner Observable, and closes the body', () => {
    inVirtualTime(({ hot, cold, expectObservable, flush }) => {
      const sent = '     -a-b---|'
      const inner = cold(' x-#    ')
      const expected = ' -x-#    '
      const peer = peerOf(hot, sent)
      expectObservable(peer.body.concatMap(() => inner)).toBe(expected)
      flush()
      expect(peer).toMatchObject({ closed: 1, wanted: 1 })
    })
  })

  it('fails with the exception of the projection', () => {
    const peer = new PeerBody().send('a')
    const thrown = new Error('no')
    const result = peer.body.concatMap(() => {
      throw thrown
    })
    expect(log(result)).toEqual([{ error: thrown }])
    expect(peer.closed).toBe(1)
  })

  it('fails with the body when the inner Observable completes', () => {
    inVirtualTime(({ hot, cold, expectObservable }) => {
      const sent = '    -a-#     '
      const inner = cold('-----|  ')
      const expected = '------#  '
      expectObservable(peerOf(hot, sent).body.concatMap(() => inner)).toBe(expected, undefined, left)
    })
  })

  it('unsubscribes from the inner Observable', () => {
    inVirtualTime(({ hot, cold, expectObservable, expectSubscriptions, flush }) => {
      const sent = '    -a-------'
      const inner = cold('x-------')
      const unsub = '   ^---!    '
      const expected = '-x-------'
      const peer = peerOf(hot, sent)
      expectObservable(peer.body.concatMap(() => inner), unsub).toBe(expected)
      expectSubscriptions(inner.subscriptions).toBe('-^--!')
      flush()
      expect(peer.closed).toBe(1)
    })
  })

  it('stops an endless synchronous inner Observable', () => {
    const peer = new PeerBody().send('a')
    expect(log(peer.body.concatMap(() => range(0, Infinity)).pipe(take(2)))).toEqual([0, 1, 'complete'])
    expect(peer.closed).toBe(1)
  })

  it('does not grow the stack if all chunks are available', () => {
    const peer = new PeerBody().send(...Array<string>(50_000).fill('x')).end()
    expect(log(peer.body.concatMap(chunk => of(chunk)))).toHaveLength(50_001)
  })
})

describe('iteration', () => {
  async function iterate(body: RequestBody, chunks: string[] = []): Promise<string[]> {
    for await (const chunk of body) chunks.push(textOf(chunk))
    return chunks
  }

  it('reads the next chunk when it is requested', async () => {
    const peer = new PeerBody().send('a', 'b').end()
    const iterator = peer.body[Symbol.asyncIterator]()
    expect(peer.wanted).toBe(0)
    await iterator.next()
    expect(peer.wanted).toBe(1)
    await iterator.next()
    expect(peer.wanted).toBe(2)
    expect(await iterator.next()).toEqual({ done: true, value: undefined })
    expect(peer.closed).toBe(0)
  })

  it('closes the body when the loop is left', async () => {
    const peer = new PeerBody().send('a', 'b', 'c')
    for await (const chunk of peer.body) {
      if (textOf(chunk) === 'b') break
    }
    expect(peer).toMatchObject({ closed: 1, wanted: 2 })
  })

  it('throws the error of the body', async () => {
    const peer = new PeerBody().send('a')
    const chunks: string[] = []
    const iteration = iterate(peer.body, chunks)
    setImmediate(() => peer.fail(left))
    await expect(iteration).rejects.toBe(left)
    expect(chunks).toEqual(['a'])
  })

  it('yields nothing for an empty body', async () => {
    expect(await iterate(new PeerBody().end().body)).toEqual([])
  })
})

describe('a second consumer', () => {
  it('fails, and does not affect the first one', async () => {
    const peer = new PeerBody()
    const first = log(peer.body.bytes$.pipe(map(textOf)))
    peer.send('a')
    for (const other of [peer.body.bytes$, peer.body.concatMap(chunk => [chunk]), peer.body.text()]) {
      expect(log<unknown>(other)).toEqual([{ error: taken }])
    }
    await expect(peer.body.json()).rejects.toEqual(taken)
    await expect(peer.body[Symbol.asyncIterator]().next()).rejects.toEqual(taken)
    peer.send('b').end()
    expect(first).toEqual(['a', 'b', 'complete'])
    expect(peer.closed).toBe(0)
  })

  it('fails even after the first one has completed', () => {
    const { body } = new PeerBody().send('a').end()
    expect(log(concat(body.text(), body.text()))).toEqual(['a', { error: taken }])
  })
})

describe('trailers', () => {
  it('are available when the body is complete', () => {
    const peer = new PeerBody()
    const trailers = Headers.of({ 'Content-MD5': 'abc' })
    log(peer.body.bytes$)
    expect(peer.body.trailers).toBeNull()
    peer.complete(trailers)
    expect(peer.body.trailers).toBe(trailers)
  })
})
