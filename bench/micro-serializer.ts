/**
 * The serializer of response heads.
 */
import { Headers, Response } from 'httprx/core'
import { internal } from './lib/internals.js'
import { micro } from './lib/micro.js'

interface Internals {
  readonly responseHead: (response: Response, context: object, length: number) => { readonly text: string }
}

const { responseHead } = await internal<Internals>('wire/response-head')
const context = { method: 'GET', isHttp11: true, isPersistent: true, date: new Date().toUTCString() }
const FIELDS = {
  'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-store', 'ETag': '"5d8c72a5edda8"',
  'Vary': 'Accept-Encoding', 'X-Request-Id': '0b7c1f0e-6a3b-4a8e-9c53-1f2d3a4b5c6d',
}
const kept = Headers.of(FIELDS)

await micro('serializer', {
  'no fields': () => responseHead(Response.create(200), context, 13).text,
  '5 fields, the same Headers each time': () => responseHead(Response.create(200, { headers: kept }), context, 13).text,
  '5 fields, new Headers each time': () =>
    responseHead(Response.create(200, { headers: Headers.of(FIELDS) }), context, 13).text,
  'chunked': () => responseHead(Response.create(200), context, -1).text,
})
