/**
 * The inbox: one message at a time, for one consumer.
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
  const inbox = new Inbox({ admit: () => { log.push('next') } })
  const taker = { take: (message: unknown) => { log.push(`take ${String(message)}`) }, end: () => { log.push('end') } }
  return { inbox, log, taker }
}

describe('a message in the inbox', () => {
  it('waits for a consumer, and the next one until it is done', () => {
    const { inbox, log, taker } = set()
    inbox.receive('a')
    inbox.attach(taker)
    inbox.taken(taker)
    inbox.receive('b')
    expect(log).toEqual(['take a', 'next', 'take b'])
  })

  it('counts as consumed if its consumer unsubscribes', () => {
    const { inbox, log, taker } = set()
    inbox.attach(taker)
    inbox.receive('a')
    inbox.detach(taker)
    inbox.taken(taker)
    inbox.detach(taker)
    expect(log).toEqual(['take a', 'next'])
  })

  it('is delivered once', () => {
    const { inbox, log, taker } = set()
    inbox.attach(taker)
    inbox.receive('a')
    inbox.taken(taker)
    inbox.taken(taker)
    inbox.detach(taker)
    expect(log).toEqual(['take a', 'next'])
  })

  it('is dropped while the connection closes, unless there is a consumer', () => {
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

describe('the end of the inbox', () => {
  it('comes after the message that is being processed', () => {
    const { inbox, log, taker } = set()
    inbox.attach(taker)
    inbox.receive('a')
    inbox.end()
    expect(log).toEqual(['take a'])
    inbox.taken(taker)
    expect(log).toEqual(['take a', 'end'])
  })

  it('comes at once if there is none, and to each late subscriber', () => {
    const { inbox, log, taker } = set()
    inbox.attach(taker)
    inbox.close()
    inbox.end()
    inbox.detach(taker)
    inbox.attach(taker)
    expect(log).toEqual(['end', 'end'])
  })

  it('leaves a waiting message to a late subscriber', () => {
    const { inbox, log, taker } = set()
    inbox.receive('a')
    inbox.end()
    inbox.attach(taker)
    inbox.detach(taker)
    expect(log).toEqual(['take a'])
  })
})
