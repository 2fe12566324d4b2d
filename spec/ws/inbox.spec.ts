/**
 * One message at a time, for one taker.
 */
import { describe, expect, it } from '@jest/globals'
import { Inbox, type MessageTaker } from '../../lib/ws/inbox.js'

interface Setting {
  readonly inbox: Inbox
  readonly log: string[]
  readonly taker: MessageTaker
}

function set(): Setting {
  const log: string[] = []
  const inbox = new Inbox(() => { log.push('next') })
  const taker = { take: (message: unknown) => { log.push(`take ${String(message)}`) }, end: () => { log.push('end') } }
  return { inbox, log, taker }
}

describe('a message', () => {
  it('waits for a taker, and the next one for that to be done', () => {
    const { inbox, log, taker } = set()
    inbox.receive('a')
    inbox.attach(taker)
    inbox.taken(taker)
    inbox.receive('b')
    expect(log).toEqual(['take a', 'next', 'take b'])
  })

  it('counts as taken where its taker leaves', () => {
    const { inbox, log, taker } = set()
    inbox.attach(taker)
    inbox.receive('a')
    inbox.detach(taker)
    inbox.taken(taker)
    inbox.detach(taker)
    expect(log).toEqual(['take a', 'next'])
  })

  it('is taken once', () => {
    const { inbox, log, taker } = set()
    inbox.attach(taker)
    inbox.receive('a')
    inbox.taken(taker)
    inbox.taken(taker)
    inbox.detach(taker)
    expect(log).toEqual(['take a', 'next'])
  })

  it('is dropped while the connection closes, unless somebody takes it', () => {
    const { inbox, log, taker } = set()
    inbox.receive('a')
    inbox.close()
    inbox.close()
    inbox.receive('b')
    inbox.attach(taker)
    inbox.receive('c')
    expect(log).toEqual(['next', 'next', 'take c'])
  })
})

describe('the end', () => {
  it('comes behind the message that is at work', () => {
    const { inbox, log, taker } = set()
    inbox.attach(taker)
    inbox.receive('a')
    inbox.end()
    expect(log).toEqual(['take a'])
    inbox.taken(taker)
    expect(log).toEqual(['take a', 'end'])
  })

  it('comes at once where none is, and to each who comes later', () => {
    const { inbox, log, taker } = set()
    inbox.attach(taker)
    inbox.close()
    inbox.end()
    inbox.detach(taker)
    inbox.attach(taker)
    expect(log).toEqual(['end', 'end'])
  })

  it('leaves a message that waits to who comes later', () => {
    const { inbox, log, taker } = set()
    inbox.receive('a')
    inbox.end()
    inbox.attach(taker)
    inbox.detach(taker)
    expect(log).toEqual(['take a'])
  })
})
