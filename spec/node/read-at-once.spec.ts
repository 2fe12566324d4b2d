/**
 * Reads of a request's body by callbacks, over real sockets: reads that are answered at once, and callbacks that throw
 * then.
 */
/* eslint-disable @typescript-eslint/only-throw-error -- anything can be thrown */
import { describe, expect, it } from '@jest/globals'
import type { Reqd } from '../../lib/reactive/streamed-reqd.js'
import { KINDS } from '../helpers/kinds.js'
import { get, head, post } from '../helpers/runtime.js'

const BOOM = new Error('boom')
const boom = (): never => { throw BOOM }
const UPLOAD = post('hello').replace('POST / ', 'POST /1 ')
const KEPT = head('POST /1 HTTP/1.0', 'Connection: keep-alive', 'Content-Length: 5')

describe.each(Object.keys(KINDS))('over %s', kind => {
  const { start, connect } = KINDS[kind]

  it('gives a handler that closed its body the end of it, and answers the next request', async () => {
    for (const [upload, length] of [[UPLOAD, 'whole'], [`${KEPT}hello`, 'whole'], [UPLOAD.slice(0, -2), 'in part']]) {
      const events: string[] = []
      const server = await start(reqd => {
        if (reqd.target !== '/1') return { body: 'second' }
        reqd.requestBody.close()
        reqd.requestBody.scheduleRead({ onRead: () => { events.push('bytes') }, onEof: () => { events.push('eof') } })
        events.push('scheduled')
        return { body: `first, ${length}` }
      })
      const client = (await connect(server)).send(upload)
      await client.receives(`first, ${length}`)
      client.send((length === 'whole' ? '' : 'lo') + get('/2'))
      await client.receives('second')
      expect(events).toEqual(['eof', 'scheduled'])
      expect(server.errors).toEqual([])
    }
  })

  it.each<[string, string, (reqd: Reqd) => void]>([
    ['without a body', get('/1'), () => undefined],
    ['that closed its body', UPLOAD, reqd => { reqd.requestBody.close() }],
  ])('answers with 500 if onEof throws at once: a handler %s', async (_, request, prepare) => {
    const server = await start(reqd => {
      if (reqd.target !== '/1') return { body: 'second' }
      prepare(reqd)
      reqd.requestBody.scheduleRead({ onRead: boom, onEof: boom })
      return undefined
    })
    const client = (await connect(server)).send(request)
    expect(await client.receives('Error\n')).toMatch(/^HTTP\/1.1 500 /)
    expect(server.errors).toEqual([BOOM])
  })

  it.each([[null], [undefined]])('answers with 500 if a handler throws %s, and reports that value', async thrown => {
    const server = await start(reqd => {
      if (reqd.target === '/1') throw thrown
      return { body: 'second' }
    })
    const client = (await connect(server)).send(get('/1') + get('/2'))
    expect(await client.receives('second')).toMatch(/^HTTP\/1.1 500 [^]*HTTP\/1.1 200 /)
    expect(server.errors).toEqual([thrown])
  })
})
