/**
 * The types of a handler's result and of bodies, as the compiler checks them.
 */
import { describe, expect, it } from '@jest/globals'
import { judged, type Sample } from '../helpers/compiled.js'

const IMPORTS = `
import { Readable } from 'node:stream'
import { createServer } from 'node:net'
import { map, of, timer, type Observable } from 'rxjs'
import {
  concatMap, fromPublisher, fromSource, handleEach, Headers, HttpError, listen, mergeMap, onBackpressureLatest, pulled,
  Response, serve, toAsyncIterable, toPublisher, toReadableStream,
  type BodySource, type Chunk, type Handler, type Reply, type Reqd, type Status,
} from 'httprx'
const bytes = new Uint8Array(1)
const reqd = null as unknown as Reqd
const numbers$ = of(1, 2)
`

const RESULTS: readonly Sample[] = [
  ['a reply', 'const h: Handler = () => ({ status: 200, headers: { a: "b", c: 1, d: ["e", "f"] }, body: "g" })', null],
  ['nothing', 'const h: Handler = r => { r.respondWithString(Response.create(200), "a") }', null],
  ['a promise', 'const h: Handler = async r => ({ body: await r.body.text() })', null],
  ['a promise of nothing', 'const h: Handler = async r => { await r.body.bytes() }', null],
  ['an Observable', 'const h: Handler = () => timer(1).pipe(map(() => ({ status: 204 })))', null],
  ['an async generator', 'const h: Handler = async function* () { yield { status: 200 } }', null],
  ['another status', 'const reply: Reply = { status: 599 }', null],
  ['text', 'const h: Handler = () => "hello"', /not assignable/],
  ['a number', 'const h: Handler = () => 200', /not assignable/],
  ['a promise of text', 'const h: Handler = async () => "hello"', /not assignable/],
  ['an Observable of text', 'const h: Handler = () => of("hello")', /not assignable/],
  ['a status that is text', 'const h: Handler = () => ({ status: "200" })', /not assignable/],
  ['a field that is nothing', 'const h: Handler = () => ({ headers: { a: null } })', /not assignable/],
  ['a reply with a slip', 'const reply: Reply = { stauts: 200 }', /does not exist in type 'Reply'/],
  ['a reply that is changed', 'const reply: Reply = { status: 200 }; reply.status = 201', /read-only/],
]

const BODIES: readonly Sample[] = [
  ['text', 'const b: BodySource = "a"', null],
  ['bytes', 'const b: BodySource = bytes', null],
  ['a Buffer', 'const b: BodySource = Buffer.from("a")', null],
  ['an array of chunks', 'const b: BodySource = ["a", bytes]', null],
  ['a generator', 'const b: BodySource = (function* () { yield "a" })()', null],
  ['an async generator', 'const b: BodySource = (async function* () { yield bytes })()', null],
  ['a Readable', 'const b: BodySource = Readable.from(["a"])', null],
  ['a web stream', 'const b: BodySource = new ReadableStream<Uint8Array>()', null],
  ['an Observable', 'const b: BodySource = of("a", bytes)', null],
  ['a function of the demand', 'const b: BodySource = ready$ => ready$.pipe(map(wanted => "a".repeat(wanted)))', null],
  ['a request body', 'const b: BodySource = reqd.body', null],
  ['a request body with an operator', 'const b: BodySource = reqd.body.concatMap(chunk => of(chunk))', null],
  ['pages', 'const b: BodySource = pulled(async wanted => ["a".repeat(wanted)])', null],
  ['a Publisher', 'const b: BodySource = fromPublisher(toPublisher(of("a")))', null],
  ['an Observable of numbers', 'const b: BodySource = numbers$', /not assignable/],
  ['a record', 'const b: BodySource = { a: 1 }', /does not exist in type/],
  ['a number', 'const b: BodySource = 1', /not assignable/],
  ['a promise', 'const b: BodySource = Promise.resolve("a")', /not assignable/],
  ['a function that gives text', 'const b: BodySource = () => "a"', /not assignable/],
  ['other elements', 'const b: BodySource = new Uint16Array(1)', /not assignable/],
]

const REST: readonly Sample[] = [
  ['JSON of a type', 'const n: Promise<number> = (async () => (await reqd.body.json<{ n: number }>()).n)()', null],
  ['JSON of no type is unknown', 'void (async () => (await reqd.body.json()).n)()', /is of type 'unknown'/],
  ['bytes are bytes', 'const b$: Observable<Uint8Array> = reqd.body.bytes$', null],
  ['the type of an inner Observable',
    'const b$: Observable<number> = reqd.body.bytes$.pipe(concatMap(() => of(1)))', null],
  ['the type of an inner promise', 'const b$: Observable<number> = numbers$.pipe(mergeMap(async n => n, 2))', null],
  ['the type of a source', 'const n$: Observable<number> = fromSource([1, 2])', null],
  ['fields cannot be assigned to', 'reqd.headers = Headers.empty', /read-only/],
  ['an option', 'serve(() => undefined, { port: 0, keepAliveTimeout: 1000 })', null],
  ['an option with a slip', 'serve(() => undefined, { prot: 0 })', /does not exist in type/],
  ['a limit that is text', 'serve(() => undefined, { port: 0, headersTimeout: "1s" })', /not assignable/],
  ['a policy', 'const reply: Reply = { body: of("a"), overflow: { bufferBytes: 10 } }', null],
  ['a policy that is none', 'const reply: Reply = { body: of("a"), overflow: "dropSome" }', /not assignable/],
  ['a server that is disposed',
    'void (async () => { await using server = serve(() => undefined, { port: 0 }) })()', null],
  ['a pipeline',
    'listen({ port: 0 }).pipe(mergeMap(c => c.requests$), handleEach(() => ({ body: "a" }))).subscribe()', null],
  ['an error without a status', 'throw new HttpError("not found")', /not assignable/],
]

describe('the compiler takes it or complains', () => {
  const cases = judged(IMPORTS, { 'a handler returns': RESULTS, 'a body is': BODIES, besides: REST })

  it.each(cases)('%s', (_, complaint, said) => {
    if (complaint === null) expect(said).toBe('')
    else expect(said).toMatch(complaint)
  })
})
