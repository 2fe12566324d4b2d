/**
 * The callbacks of flushes and the closing of the output queue: their order and their results.
 */
import { describe, expect, it } from '@jest/globals'
import { Faraday, type FlushResult, IOVec } from '../../lib/buffer/index.js'
import { misuse, written } from './output.js'

describe('Faraday: flushing', () => {
  /** A queue, and the results of its flushes in the order of the callbacks. */
  function queueAndLog() {
    const queue = new Faraday()
    const log: string[] = []
    const flush = (name: string, react: () => void = () => {}) => {
      queue.flush((result: FlushResult) => {
        log.push(`${name} ${result}`)
        react()
      })
    }
    return { queue, log, flush }
  }

  it('calls back at once if nothing is pending', () => {
    const { log, flush } = queueAndLog()
    flush('a')
    expect(log).toEqual(['a written'])
  })

  it('calls back when all bytes before it are shifted, without waiting for later ones', () => {
    const { queue, log, flush } = queueAndLog()
    queue.writeLatin1('abc')
    flush('first')
    queue.writeLatin1('def')
    flush('second')
    queue.shift(2)
    expect(log).toEqual([])
    queue.shift(1)
    expect(log).toEqual(['first written'])
    queue.shift(3)
    expect(log).toEqual(['first written', 'second written'])
  })

  it('calls back flushes at the same position in order, once each', () => {
    const { queue, log, flush } = queueAndLog()
    queue.writeLatin1('abc')
    for (const name of ['a', 'b', 'c']) flush(name)
    queue.shift(3)
    queue.shift(0)
    expect(log).toEqual(['a written', 'b written', 'c written'])
  })

  it('allows a callback to write, and to flush again', () => {
    const { queue, log, flush } = queueAndLog()
    queue.writeLatin1('abc')
    flush('outer', () => {
      queue.writeLatin1('de')
      flush('inner')
    })
    queue.shift(3)
    expect(log).toEqual(['outer written'])
    expect(written(queue)).toBe('de')
    expect(log).toEqual(['outer written', 'inner written'])
  })

  it('keeps the order if a callback flushes while others are due', () => {
    const { queue, log, flush } = queueAndLog()
    queue.writeLatin1('abc')
    flush('first', () => { flush('third') })
    flush('second')
    queue.shift(3)
    expect(log).toEqual(['first written', 'second written', 'third written'])
  })

  it('allows a callback to shift', () => {
    const { queue, log, flush } = queueAndLog()
    queue.writeLatin1('a')
    flush('first', () => { queue.shift(1) })
    queue.writeLatin1('b')
    flush('second')
    queue.shift(1)
    expect(log).toEqual(['first written', 'second written'])
    expect(queue.hasPending).toBe(false)
  })

  it('reports written for bytes that were shifted before a callback drained, and closed for others', () => {
    const { queue, log, flush } = queueAndLog()
    queue.writeLatin1('a')
    flush('first', () => { expect(queue.closeAndDrain()).toBe(1) })
    flush('same place')
    queue.writeLatin1('b')
    flush('later place')
    queue.shift(1)
    expect(log).toEqual(['first written', 'same place written', 'later place closed'])
  })

  it('throws the exception of a callback after the shift, and calls the others in the next one', () => {
    const { queue, log, flush } = queueAndLog()
    queue.writeLatin1('abc')
    flush('faulty', () => { throw new Error('from the callback') })
    flush('good')
    expect(() => { queue.shift(3) }).toThrow('from the callback')
    expect(queue.hasPending).toBe(false)
    queue.shift(0)
    expect(log).toEqual(['faulty written', 'good written'])
  })
})

describe('Faraday: closing', () => {
  it('refuses further writes, even empty ones', () => {
    const queue = new Faraday()
    queue.close()
    expect(queue.isClosed).toBe(true)
    expect(() => { queue.writeLatin1('') }).toThrow(misuse('bodyClosed'))
    expect(() => { queue.writeString('') }).toThrow(misuse('bodyClosed'))
    expect(() => { queue.writeBytes(new Uint8Array()) }).toThrow(misuse('bodyClosed'))
    expect(() => { queue.scheduleBytes(new Uint8Array()) }).toThrow(misuse('bodyClosed'))
  })

  it('lets pending bytes be shifted and flushed', () => {
    const queue = new Faraday()
    const results: FlushResult[] = []
    queue.writeLatin1('abc')
    queue.close()
    queue.close()
    queue.flush(result => { results.push(result) })
    expect(written(queue)).toBe('abc')
    queue.flush(result => { results.push(result) })
    expect(results).toEqual(['written', 'written'])
  })

  it('with draining drops pending bytes, returns their number, and calls back with closed', () => {
    const queue = new Faraday()
    const results: FlushResult[] = []
    queue.writeLatin1('abc')
    queue.iovecs()
    queue.writeLatin1('de')
    queue.flush(result => { results.push(result) })
    expect(queue.closeAndDrain()).toBe(5)
    expect(results).toEqual(['closed'])
    expect(queue).toMatchObject({ pendingBytes: 0, hasPending: false, isClosed: true })
    expect(queue.iovecs()).toEqual([])
    expect(() => { queue.writeLatin1('x') }).toThrow(misuse('bodyClosed'))
    expect(() => { queue.shift(3) }).toThrow(misuse('badRange'))
  })

  it('with draining is final: nothing more is dropped, and each flush is closed', () => {
    const queue = new Faraday()
    const results: FlushResult[] = []
    queue.closeAndDrain()
    queue.close()
    expect(queue.closeAndDrain()).toBe(0)
    queue.flush(result => { results.push(result) })
    expect(results).toEqual(['closed'])
  })

  it('with draining does not change bytes that were handed out, because the transport may hold them', () => {
    const queue = new Faraday()
    queue.writeLatin1('abc')
    const [handedOut] = queue.iovecs()
    queue.closeAndDrain()
    const other = new Faraday()
    other.writeLatin1('xyz')
    other.iovecs()
    expect(Buffer.from(IOVec.view(handedOut)).toString()).toBe('abc')
  })
})
