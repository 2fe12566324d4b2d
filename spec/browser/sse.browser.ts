/**
 * Event streams as a browser's own EventSource sees them.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { concat, EMPTY, of, Subject } from 'rxjs'
import type { Page } from 'playwright-core'
import { lastEventId, type SseEvent, sse } from '../../lib/sse/index.js'
import { type Handler, serve, type Server } from '../../lib/index.js'
import { Browser } from './browser.js'

interface Received {
  readonly type: string
  readonly data: string
  readonly lastEventId: string
}

const PAGE = { headers: { 'content-type': 'text/html' }, body: '<!doctype html><link rel="icon" href="data:,">' }

let browser: Browser
let server: Server
let page: Page
let handler: Handler

beforeAll(async () => {
  browser = new Browser()
  server = await serve(reqd => reqd.target === '/' ? PAGE : handler(reqd), { host: 'localhost' }).listening
  page = await browser.open(server.url)
})

afterAll(async () => {
  await browser.close()
  await server.close({ graceMs: 0 })
})

/** Listens in the browser until `count` events have arrived. */
function receive(count: number): Promise<Received[]> {
  const script = `new Promise(resolve => {
    const received = []
    const events = new EventSource('/events')
    for (const type of ['message', 'tick']) events.addEventListener(type, ({ data, lastEventId }) => {
      received.push({ type, data, lastEventId })
      if (received.length < ${count}) return
      events.close()
      resolve(received)
    })
  })`
  return page.evaluate(script)
}

describe('an EventSource', () => {
  it('receives types, ids, and data of several lines', async () => {
    const tick = { event: 'tick', id: 'ü', data: 'a\r\nb\n' }
    handler = () => sse(of<(SseEvent | string)[]>('plain', tick, { data: { n: 1 } }))
    expect(await receive(3)).toEqual([
      { type: 'message', data: 'plain', lastEventId: '' },
      { type: 'tick', data: 'a\nb\n', lastEventId: 'ü' },
      { type: 'message', data: '{"n":1}', lastEventId: 'ü' },
    ])
  })

  it('is open before the first event', async () => {
    handler = () => sse(new Subject<string>())
    const state: Promise<number> = page.evaluate(`new Promise(resolve => {
      const events = new EventSource('/events')
      events.onopen = () => {
        resolve(events.readyState)
        events.close()
      }
    })`)
    expect(await state).toBe(1)
  })

  it('reconnects when the stream ends, with the id of its last event', async () => {
    const ids: (string | null)[] = []
    handler = reqd => {
      ids.push(lastEventId(reqd))
      return sse(of({ id: `größe ${ids.length}`, data: '' }), { retry: 10 })
    }
    const received = await receive(3)
    expect(received.map(event => event.lastEventId)).toEqual(['größe 1', 'größe 2', 'größe 3'])
    expect(ids.slice(0, 3)).toEqual([null, 'größe 1', 'größe 2'])
  })

  it('reconnects with the id of an event that has only an id', async () => {
    const ids: (string | null)[] = []
    handler = reqd => {
      ids.push(lastEventId(reqd))
      return sse(ids.length === 1 ? of({ id: '7' }) : concat(of('again'), EMPTY), { retry: 10 })
    }
    await receive(1)
    expect(ids.slice(0, 2)).toEqual([null, '7'])
  })

  it('receives the delay of its reconnection before the server closes', async () => {
    const brief = await serve(reqd => {
      if (reqd.target === '/') return PAGE
      return sse(of('hello', 'world').pipe(source$ => concat(source$, new Subject<string>())), { retry: 12_345 })
    }, { host: 'localhost' }).listening
    const other = await browser.open(brief.url)
    const body: Promise<string> = other.evaluate(`fetch('/events').then(response => response.text())`)
    const requested = new Promise<void>(resolve => { brief.requests$.subscribe(() => { resolve() }) })
    await requested
    await brief.close()
    expect(await body).toBe('retry: 12345\n\ndata: hello\n\ndata: world\n\nretry: 12345\n\n')
  })
})
