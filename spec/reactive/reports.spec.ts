/**
 * Reports of errors: `onError` gets each error once and with its request, whichever way the error takes.
 */
import { describe, expect, it } from '@jest/globals'
import { concat, from, NEVER, of, switchMap, tap, throwError } from 'rxjs'
import type { ErrorHandler } from '../../lib/connection/error-handler.js'
import type { ConnectionOptions } from '../../lib/reactive/connection-options.js'
import type { Handler, Reqd } from '../../lib/reactive/streamed-reqd.js'
import { Stage } from '../helpers/fake-transport.js'
import { get } from '../helpers/runtime.js'

const failure = new Error('it failed')
const HALF_A_BODY = 'POST /half HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello'
const BAD_CHUNK = 'POST /bad HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n'

/** The errors that `onError` received, each with the target of its request. */
async function reportsOf(handler: Handler, input: string, options: ConnectionOptions = {}): Promise<unknown[]> {
  const reports: unknown[] = []
  const stage = Stage.open(handler, {
    ...options, onError: (error, reqd) => { reports.push([error, reqd?.target ?? null]) },
  })
  stage.receive(input)
  for (let i = 0; i < 10; i++) {
    await Promise.resolve()
    stage.settle()
  }
  return reports
}

function throws(): never {
  throw failure
}

describe('an error of the application is reported once, with its request, if', () => {
  const handlers: Record<string, Handler> = {
    'the handler throws': throws,
    'the handler rejects': () => Promise.reject(failure),
    'the Observable that the handler returned fails': () => throwError(() => failure),
    'a response that has begun fails': () => ({ body: concat(of('a'), throwError(() => failure)) }),
    'a body fails before its first byte': () => ({ body: throwError(() => failure) }),
    'the handler reports it': reqd => { reqd.reportExn(failure) },
    'the handler reports it and throws it': reqd => {
      reqd.reportExn(failure)
      throw failure
    },
    'the handler reports it after it has begun a response, and rejects with it': async reqd => {
      const { Response } = await import('../../lib/message/response.js')
      reqd.respondWithStreaming(Response.create(200), { flushHeadersImmediately: true })
      reqd.reportExn(failure)
      throw failure
    },
    'an operator reports it on its way to the response': reqd => ({
      body: throwError(() => failure).pipe(tap({ error: (error: unknown) => { reqd.reportExn(error) } })),
    }),
    'the trailers of a response fail': () => ({ body: 'a', trailers: throws }),
  }

  it.each(Object.entries(handlers))('%s', async (_, handler) => {
    expect(await reportsOf(handler, get('/it'))).toEqual([[failure, '/it']])
  })

  const readers: Record<string, (reqd: Reqd) => void> = {
    'a subscriber of the body throws': reqd => { reqd.body.bytes$.subscribe(throws) },
    'an operator on the body throws, and no subscriber handles it': reqd => {
      reqd.body.bytes$.pipe(tap(throws)).subscribe()
    },
    'the projection of concatMap throws, and no subscriber handles it': reqd => {
      reqd.body.concatMap(throws).subscribe()
    },
  }

  it.each(Object.entries(readers))('%s', async (_, handler) => {
    expect(await reportsOf(reqd => { handler(reqd) }, HALF_A_BODY)).toEqual([[failure, '/half']])
  })

  it.each<[string, ErrorHandler]>([
    ['throws it again', throws],
    ['rejects with it', () => Promise.reject(failure)],
  ])('the error handler %s', async (_, errorHandler) => {
    expect(await reportsOf(throws, get('/it'), { errorHandler })).toEqual([[failure, '/it']])
    expect(await reportsOf(throws, HALF_A_BODY, { errorHandler })).toEqual([[failure, '/half']])
  })
})

describe('a protocol error of the client is reported once, with its request, if', () => {
  const readers: Record<string, Handler> = {
    'the body is not read': () => undefined,
    'the handler awaits the body': reqd => reqd.body.text().then(body => ({ body })),
    'the handler iterates over the body': async reqd => {
      for await (const _chunk of reqd.body);
    },
    'the body is mapped to the response': reqd => from(reqd.body.bytes$).pipe(switchMap(body => of({ body }))),
    'the body is the response': reqd => ({ body: reqd.body.bytes$ }),
    'a subscriber of the body handles no error': reqd => {
      reqd.body.bytes$.subscribe()
      return NEVER
    },
  }

  it.each(Object.entries(readers))('%s', async (_, handler) => {
    expect(await reportsOf(handler, BAD_CHUNK)).toEqual([[expect.objectContaining({ code: 'badChunk' }), '/bad']])
  })
})

describe('several errors', () => {
  it('are each reported: that of the handler, and that of the error handler', async () => {
    const another = new Error('another')
    const errorHandler = (): never => { throw another }
    expect(await reportsOf(throws, get('/it'), { errorHandler })).toEqual([[failure, '/it'], [another, '/it']])
    const reports = await reportsOf(throws, HALF_A_BODY, { errorHandler })
    expect(reports).toEqual([[failure, '/half'], [another, '/half']])
  })

  it('are reported without a request if none was read', async () => {
    const another = new Error('another')
    const reports = await reportsOf(throws, 'nonsense\r\n\r\n', { errorHandler: () => Promise.reject(another) })
    expect(reports).toEqual([[expect.objectContaining({ status: 400 }), null], [another, null]])
  })

  it('are reported for each request, even if they are the same', async () => {
    const reports = await reportsOf(throws, get('/1') + get('/2'))
    expect(reports).toEqual([[failure, '/1'], [failure, '/2']])
  })
})
