/**
 * The callbacks of flushes of the output queue: their order and their results.
 */
import { describe, expect, it } from '@jest/globals'
import { Faraday, type FlushResult, IOVec } from '../../lib/buffer/index.js'
import { misuse, written } from './output.js'

describe('Faraday: flushing', () => {
  /** A queue, and the results of flushes in the order of the calls. */
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

  it('calls back at once when nothing is pending', () => {
    const { log, flush } = queueAndLog()
    flush('a')
    expect(log).toEqual(['a written'])
  })

  it('calls back when all bytes before it are shifted, not those after it', () => {
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

  it('calls back several of one place in order, once', () => {
    const { queue, log, flush } = queueAndLog()
    queue.writeLatin1('abc')
    for (const name of ['a', 'b', 'c']) flush(name)
    queue.shift(3)
    queue.shift(0)
    expect(log).toEqual(['a written', 'b written', 'c written'])
  })

  it('lets a callback write, and flush again', () => {
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

  it('keeps the order when a callback flushes at once and others are due', () => {
    const { queue, log, flush } = queueAndLog()
    queue.writeLatin1('abc')
    flush('first', () => { flush('third') })
    flush('second')
    queue.shift(3)
    expect(log).toEqual(['first written', 'second written', 'third written'])
  })

  it('lets a callback shift', () => {
    const { queue, log, flush } = queueAndLog()
    queue.writeLatin1('a')
    flush('first', () => { queue.shift(1) })
    queue.writeLatin1('b')
    flush('second')
    queue.shift(1)
    expect(log).toEqual(['first written', 'second written'])
    expect(queue.hasPending).toBe(false)
  })

  it('says written or closed as it was when a callback drains', () => {
    const { queue, log, flush } = queueAndLog()
    queue.writeLatin1('a')
    flush('first', () => { expect(queue.closeAndDrain()).toBe(1) })
    flush('same place')
    queue.writeLatin1('b')
    flush('later place')
    queue.shift(1)
    expect(log).toEqual(['first written', 'same place written', 'later place closed'])
  })

  it('lets an exception out, with its own work complete, and calls the others next time', () => {
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
  it('takes no more bytes, even none', () => {
    const queue = new Faraday()
    queue.close()
    expect(queue.isClosed).toBe(true)
    expect(() => { queue.writeLatin1('') }).toThrow(misuse('bodyClosed'))
    expect(() => { queue.writeString('') }).toThrow(misuse('bodyClosed'))
    expect(() => { queue.writeBytes(new Uint8Array()) }).toThrow(misuse('bodyClosed'))
    expect(() => { queue.scheduleBytes(new Uint8Array()) }).toThrow(misuse('bodyClosed'))
  })

  it('lets what is pending be shifted and flushed', () => {
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

  it('drains: drops what is pending, says how much, and calls back with closed', () => {
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

  it('stays drained: nothing more to drop, each flush is closed, close changes nothing', () => {
    const queue = new Faraday()
    const results: FlushResult[] = []
    queue.closeAndDrain()
    queue.close()
    expect(queue.closeAndDrain()).toBe(0)
    queue.flush(result => { results.push(result) })
    expect(results).toEqual(['closed'])
  })

  it('drains without changing what was handed out: the transport may hold it', () => {
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
