/**
 * mocha, ES modules: handlers that wait for promises and timers, in virtual time.
 */
import assert from 'node:assert'
import { it as test } from 'mocha'
import { get, like, marblesAsync, post } from 'httprx/testing'
import { filter, firstValueFrom, map } from 'rxjs'
import { echo, news, patient, relayed, seconds, shout } from './handlers.js'

test('await, with a body that comes in two parts', async () => {
  await marblesAsync(({ serve, cold, expectObservable }) => {
    const ask = text => firstValueFrom(cold('---(a|)', { a: `so you say ${text}` }))
    const [a, b] = [post('/', 'hi').slice(0, -1), 'i']
    const client = serve(shout(ask), { keepAliveTimeout: 0 }).connect('a-b', { a, b })
    expectObservable(client.responses$).toBe('-----r', { r: like({ status: 200, body: 'SO YOU SAY HI' }) })
  })
})

test('an async generator with timers, until the client goes away', async () => {
  const log = []
  await marblesAsync(({ serve, expectObservable }) => {
    const client = serve(seconds(text => log.push(text))).connect('a 2500ms #', { a: get('/') })
    const ticks$ = client.output$.pipe(map(text => text.split('\r\n').at(-2)))
    expectObservable(ticks$).toBe('1s a 999ms b 500ms #', { a: '1 s\n', b: '2 s\n' })
  }, { timers: 'virtual' })
  assert.deepStrictEqual(log, ['over'])
})

test('a web stream and a Response', async () => {
  await marblesAsync(({ serve, expectObservable }) => {
    const client = serve(relayed, { keepAliveTimeout: 0 }).connect('-a', { a: get('/') })
    expectObservable(client.responses$).toBe('-r', { r: like({ status: 200, body: 'relayed' }) })
  })
})

test('an AbortSignal, and a time limit of the server', async () => {
  const log = []
  await marblesAsync(({ serve, expectObservable }) => {
    const server = serve(patient(name => log.push(name)), { handlerTimeout: 5000 })
    const leaves = server.connect('a----|', { a: get('/leaves') })
    const stays = server.connect('a', { a: get('/stays') })
    expectObservable(leaves.aborts$).toBe('-----a', { a: '/leaves' })
    expectObservable(stays.responses$).toBe('6s (r|)', { r: like({ status: 503 }) })
  })
  assert.deepStrictEqual(log, ['ConnectionClosedError', 'HandlerTimeoutError'])
})

test('Server-Sent Events and a WebSocket', async () => {
  await marblesAsync(({ serve, webSocket, expectObservable }) => {
    const client = serve(news).connect('a', { a: get('/') })
    expectObservable(client.output$.pipe(filter(text => text.includes('data')), map(() => 'event'))).toBe('2s e', {
      e: 'event',
    })
    const socket = webSocket(echo, '--a', { a: 'hi' })
    expectObservable(socket.received$).toBe('--a', { a: 'hi' })
  }, { until: 10_000 })
})

test('a real timer is named', async () => {
  const waits = marblesAsync(({ serve }) => {
    serve(() => new Promise(resolve => { setTimeout(resolve, 50) })).connect('a', { a: get('/slow') })
  })
  await assert.rejects(waits, /GET \/slow waits for setTimeout of 50 ms called at \S*async\.test\.js:\d+/)
})

test('two tests at once fail', async () => {
  const first = marblesAsync(() => {})
  await assert.rejects(marblesAsync(() => {}), /at once/)
  await first
})
