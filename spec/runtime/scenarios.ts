/**
 * Scenarios of one connection: what its client sends and takes, and what the application does, which calls back at each
 * step that it is asked for.
 */
import { Observable, Subject, type Subscriber } from 'rxjs'
import { Headers } from '../../lib/message/headers.js'
import { Response } from '../../lib/message/response.js'
import type { ConnectionOptions } from '../../lib/reactive/connection-options.js'
import type { Handler, Reqd } from '../../lib/reactive/streamed-reqd.js'
import type { Stage } from '../helpers/fake-transport.js'
import { get, post, postChunks } from '../helpers/runtime.js'

/** Called at each call that leaves the server; `mayThrow`: to the application, whose exceptions it must expect. */
export type Call = (mayThrow: boolean) => void

/** The actions of the client and of the application. */
export interface Scenario {
  readonly options?: ConnectionOptions
  handler(reqd: Reqd, call: Call): ReturnType<Handler>
  play(stage: Stage): void
}

const CHUNK = new Uint8Array(9_000).fill(97)

/** Values that are created one by one, with a call at each step. */
function* chunks(call: Call): Generator<Uint8Array> {
  try {
    for (let i = 0; i < 4; i++) {
      call(true)
      yield CHUNK
    }
  } finally {
    call(true)
  }
}

/**
 * An Observable that emits in the next turn, with a call at its subscription and teardown. (Of a source that completes
 * while it is subscribed, RxJS drops what the teardown throws.)
 */
function pushed(reqd: Reqd, call: Call, emit: (subscriber: Subscriber<string>) => void): Observable<string> {
  return new Observable(subscriber => {
    call(true)
    reqd.later(() => { emit(subscriber) })
    return () => { call(true) }
  })
}

/** The client takes the output in small parts. */
function takesSlowly(stage: Stage): void {
  for (let i = 0; i < 8; i++) stage.take(7_000).turn()
  stage.take(Infinity).turn()
}

const UPGRADE = ['Connection: upgrade', 'Upgrade: x']

/** The scenarios by name. */
export const scenarios: Record<string, Scenario> = {
  'pipelined requests': {
    handler: () => ({ body: 'hello' }),
    play: stage => { stage.receive(get('/').repeat(3)) },
  },
  'responses to a client that does not read': {
    options: { writeBufferSize: 100 },
    handler: () => ({ body: 'hello'.repeat(50) }),
    play: stage => {
      stage.transport.capacity = 0
      stage.receive(get('/').repeat(3))
      takesSlowly(stage)
    },
  },
  'a response from a generator, and a slow client': {
    handler: (_, call) => ({ body: chunks(call) }),
    play: stage => {
      stage.transport.capacity = 0
      stage.receive(get('/') + get('/'))
      takesSlowly(stage)
    },
  },
  'a response from an Observable': {
    handler: (reqd, call) => ({ body: pushed(reqd, call, subscriber => {
      for (const chunk of ['a', 'b', 'c']) subscriber.next(chunk)
      subscriber.complete()
    }) }),
    play: stage => { stage.receive(get('/') + get('/')).turn().turn() },
  },
  'a response that follows demand': {
    handler: (reqd, call) => {
      const subject = reqd.respondWithStreaming(Response.create(200), { flushHeadersImmediately: true })
      let left = 5
      subject.ready$.subscribe({
        next: () => {
          call(true)
          if (left-- > 0) subject.next(CHUNK)
          else subject.complete()
        },
        complete: () => { call(true) },
      })
      subject.closed$.subscribe(() => { call(true) })
    },
    play: stage => {
      stage.transport.capacity = 0
      stage.receive(get('/'))
      takesSlowly(stage)
    },
  },
  'a response that waits, and then comes': {
    handler: (reqd, call) => {
      const later = new Subject<{ body: string }>()
      reqd.closing$.subscribe(() => { call(true) })
      reqd.aborted$.subscribe({ next: () => { call(true) }, complete: () => { call(true) } })
      reqd.later(() => {
        call(false)
        later.next({ body: 'hello' })
      })
      return later
    },
    play: stage => { stage.receive(get('/') + get('/')).turn().turn() },
  },
  'an upload in pieces, with a request behind it': {
    handler: (reqd, call) => {
      reqd.body.bytes$.subscribe({
        next: () => { call(true) },
        error: () => { call(true) },
        complete: () => {
          call(true)
          reqd.respondWithString(Response.create(200), 'read')
        },
      })
    },
    play: stage => {
      const input = post('hello world') + get('/')
      for (const piece of [input.slice(0, -60), input.slice(-60, -40), input.slice(-40)]) stage.receive(piece)
    },
  },
  'an upload in chunks that is echoed': {
    handler: (reqd, call) => ({ body: new Observable<Uint8Array>(subscriber => {
      subscriber.add(() => { call(true) })
      return reqd.body.bytes$.subscribe(subscriber)
    }) }),
    play: stage => {
      stage.receive(postChunks('Expect: 100-continue'))
      for (const piece of ['5\r\nhello\r\n', '3\r\nab', 'c\r\n', `0\r\n\r\n${get('/')}`]) stage.receive(piece)
    },
  },
  'an upload that is read after a while': {
    options: { readBufferSize: 8 },
    handler: (reqd, call) => {
      reqd.later(() => {
        call(false)
        reqd.body.bytes$.subscribe({
          error: () => { call(true) },
          complete: () => { reqd.respondWithString(Response.create(200), 'read') },
        })
      })
    },
    play: stage => {
      const input = post('0123456789'.repeat(10)) + get('/')
      for (let i = 0; i < input.length; i += 40) stage.receive(input.slice(i, i + 40))
      stage.turn().turn()
    },
  },
  'an upload that is not read': {
    handler: () => ({ body: 'no' }),
    play: stage => {
      const input = post('0123456789'.repeat(10)) + get('/')
      for (let i = 0; i < input.length; i += 40) stage.receive(input.slice(i, i + 40))
    },
  },
  'the last response, and what comes behind it': {
    handler: () => ({ body: 'bye', headers: { Connection: 'close' } }),
    play: stage => {
      stage.receive(get('/') + get('/')).receive(get('/'))
      stage.transport.endInput()
    },
  },
  'a request that is malformed': {
    handler: () => ({ body: 'hello' }),
    play: stage => { stage.receive(`${get('/')}nonsense\r\n\r\n`).pass(3_000) },
  },
  'a handler that fails within its response': {
    handler: (reqd, call) => ({ body: pushed(reqd, call, subscriber => {
      subscriber.next('a')
      subscriber.error(new Error('of the scenario'))
    }) }),
    play: stage => { stage.receive(get('/')).turn() },
  },
  'an upgrade': {
    handler: (reqd, call) => {
      reqd.respondWithUpgrade(Headers.of({ Upgrade: 'x' }), () => { call(true) })
    },
    play: stage => {
      stage.transport.capacity = 0
      stage.receive(`${get('/', ...UPGRADE)}more`)
      stage.take(Infinity)
    },
  },
  'a connection taken over behind a response': {
    handler: (reqd, call) => {
      if (reqd.target !== '/') return reqd.takeOver(() => { call(true) })
      return { body: 'hello' }
    },
    play: stage => {
      stage.transport.capacity = 0
      stage.receive(`${get('/')}${get('/up', ...UPGRADE)}more`)
      takesSlowly(stage)
    },
  },
  'clients that are too slow': {
    options: { headersTimeout: 3_000, keepAliveTimeout: 3_000, writeTimeout: 3_000, handlerTimeout: 3_000 },
    handler: reqd => { if (reqd.target !== '/') reqd.respondWithString(Response.create(200), 'hello') },
    play: stage => { stage.receive(get('/a')).pass(1_500).receive(get('/').slice(0, 9)).pass(20_000) },
  },
}
