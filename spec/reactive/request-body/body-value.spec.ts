/**
 * A request body as one value.
 */
import { describe, expect, it, jest } from '@jest/globals'
import fc from 'fast-check'
import { RemoteProtocolError } from '../../../lib/errors.js'
import { inVirtualTime } from '../../helpers/marbles.js'
import { left, log, PeerBody, peerOf } from '../peer-body.js'

const tooLarge = expect.objectContaining({ name: 'RemoteProtocolError', code: 'contentTooLarge', status: 413 })
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

describe('a whole body: bytes, text and json', () => {
  it('are emitted within the event that completes the body', () => {
    inVirtualTime(({ hot, expectObservable }) => {
      const sent = '    -a-b--c|   '
      const expected = '-------(r|)'
      expectObservable(peerOf(hot, sent).body.text()).toBe(expected, { r: 'abc' })
      expectObservable(peerOf(hot, sent).body.bytes()).toBe(expected, { r: bytesOf('abc') })
    })
  })

  it('can be awaited repeatedly', async () => {
    const value = new PeerBody().send('{"a":', '1}').end().body.json<{ a: number }>()
    expect(await value).toEqual({ a: 1 })
    expect(await value).toEqual({ a: 1 })
    expect(await value.then(({ a }) => a)).toBe(1)
  })

  it('have catch and finally, as a promise has', async () => {
    const settled = jest.fn()
    const value = new PeerBody().send('{"a":').end().body.json<{ a: number }>()
    expect(await value.catch(() => 'none')).toBe('none')
    await expect(value.catch()).rejects.toMatchObject({ code: 'badContent' })
    await expect(value.finally(settled)).rejects.toMatchObject({ code: 'badContent' })
    expect(await new PeerBody().send('a').end().body.text().catch(() => 'none').finally(settled)).toBe('a')
    expect(await new PeerBody().send('a').end().body.text().finally(settled)).toBe('a')
    expect(settled).toHaveBeenCalledTimes(3)
  })

  it('read nothing before they are subscribed', () => {
    const peer = new PeerBody().send('a').end()
    const value = peer.body.text()
    expect(peer.wanted).toBe(0)
    expect(log(value)).toEqual(['a', 'complete'])
  })

  it.each([null, 3])('are a copy of a single chunk, and empty for an empty body (announced: %j)', length => {
    const chunk = bytesOf('abc')
    const [whole] = log(new PeerBody(length).send(chunk).end().body.bytes()) as [Uint8Array]
    chunk.fill(0)
    expect(new TextDecoder().decode(whole)).toBe('abc')
    expect(whole.buffer.byteLength).toBe(3)
    expect(log(new PeerBody().end().body.bytes())).toEqual([new Uint8Array(0), 'complete'])
    expect(log(new PeerBody().end().body.text())).toEqual(['', 'complete'])
  })

  it('are the bytes that were sent, in any cut', () => {
    const content = fc.string({ unit: 'binary', maxLength: 300 })
    fc.assert(fc.property(content, fc.array(fc.nat(40)), fc.boolean(), (text, cuts, isAnnounced) => {
      const bytes = bytesOf(text)
      const peer = new PeerBody(isAnnounced ? bytes.length : null)
      let from = 0
      for (const cut of cuts) peer.send(bytes.subarray(from, from += cut))
      peer.send(bytes.subarray(from)).end()
      expect(log(peer.body.bytes(bytes.length))).toEqual([bytes, 'complete'])
    }))
  })

  it('decode UTF-8 as fetch does', () => {
    const text = (...pieces: Uint8Array[]): unknown => log(new PeerBody().send(...pieces).end().body.text())[0]
    const euro = bytesOf('€')
    expect(text(euro.subarray(0, 1), euro.subarray(1))).toBe('€')
    expect(text(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61))).toBe('a')
    expect(text(Uint8Array.of(0x61, 0xff, 0x62))).toBe('a\ufffdb')
  })

  it('fail with the body', () => {
    inVirtualTime(({ hot, expectObservable }) => {
      expectObservable(peerOf(hot, '-a-#').body.json()).toBe('---#', undefined, left)
    })
  })

  it.each(['', '{', 'a'])('refuse invalid JSON: %j', text => {
    const peer = new PeerBody().send(text).end()
    const fault = expect.objectContaining({ code: 'badContent', status: 400, cause: expect.any(SyntaxError) })
    expect(log(peer.body.json())).toEqual([{ error: fault }])
    expect(peer.closed).toBe(0)
  })

  it('close the body when they are unsubscribed', () => {
    inVirtualTime(({ hot, expectObservable, flush }) => {
      const peer = peerOf(hot, '-a-b-|')
      expectObservable(peer.body.text(), '^-!').toBe('---')
      flush()
      expect(peer.closed).toBe(1)
    })
  })

  it('do not grow the stack if all chunks are available', () => {
    const peer = new PeerBody().send(...Array<string>(50_000).fill('x')).end()
    expect(log(peer.body.text())[0]).toHaveLength(50_000)
  })
})

describe('memory', () => {
  it('is not taken for bytes that are announced and have not come', () => {
    const peer = new PeerBody(1_000_000)
    const sizes: number[] = []
    const set = jest.spyOn(Uint8Array.prototype, 'set')
    set.mockImplementation(function (this: Uint8Array) { sizes.push(this.length) })
    const value = peer.body.bytes().subscribe()
    for (const length of [10, 100, 1000]) peer.send(new Uint8Array(length))
    set.mockRestore()
    value.unsubscribe()
    expect(sizes.length).toBeGreaterThan(0)
    expect(Math.max(...sizes)).toBeLessThan(3000)
  })
})

describe('the limit', () => {
  it('stops the reading with the first byte beyond it', () => {
    inVirtualTime(({ hot, expectObservable, flush }) => {
      const sent = '    -a-b-c-d|'
      const expected = '-----#'
      const peer = peerOf(hot, sent)
      const states: boolean[] = []
      peer.body.bytes(2).subscribe({ error: () => states.push(peer.reader.isClosed) })
      const other = peerOf(hot, sent)
      expectObservable(other.body.bytes(2)).toBe(expected, undefined, new RemoteProtocolError('contentTooLarge', 2))
      flush()
      expect(states).toEqual([true])
      expect(other).toMatchObject({ closed: 1, wanted: 3 })
    })
  })

  it('admits a body of exactly its size', () => {
    expect(log(new PeerBody(3).send('abc').end().body.text(3))).toEqual(['abc', 'complete'])
    expect(log(new PeerBody().send('a', 'bc').end().body.text(3))).toEqual(['abc', 'complete'])
  })

  it('applies to an announced length before anything is read', async () => {
    const peer = new PeerBody(4)
    expect(log(peer.body.json(3))).toEqual([{ error: tooLarge }])
    expect(peer).toMatchObject({ closed: 1, wanted: 0 })
    await expect(new PeerBody(4).body.text(3)).rejects.toEqual(tooLarge)
  })

  it('is 1 MiB by default', () => {
    const mebibyte = new Uint8Array(1_048_576)
    expect(log(new PeerBody().send(mebibyte).end().body.bytes())[0]).toHaveLength(1_048_576)
    expect(log(new PeerBody().send(mebibyte, 'x').end().body.bytes())).toEqual([{ error: tooLarge }])
  })
})
