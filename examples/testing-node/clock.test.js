/**
 * node:test, nothing to install: virtual seconds, and the failures of a test.
 */
import assert from 'node:assert'
import { test } from 'node:test'
import { get, like, marbles } from 'httprx/testing'
import { map } from 'rxjs'
import { clock } from './clock.js'

test('it ticks until the client goes away', () => {
  marbles(({ serve, expectObservable }) => {
    const client = serve(clock).connect('a 3500ms #', { a: get('/') })
    const ticks$ = client.output$.pipe(map(text => text.split('\r\n').at(-2)))
    expectObservable(ticks$).toBe('1s a 999ms b 999ms c 500ms #', { a: '1 s\n', b: '2 s\n', c: '3 s\n' })
    expectObservable(client.aborts$).toBe('3501ms a', { a: '/' })
  })
})

test('values may be in part', () => {
  marbles(({ serve, expectObservable }) => {
    const client = serve(() => ({ body: 'hi' }), { keepAliveTimeout: 0 }).connect('a', { a: get('/') })
    expectObservable(client.responses$).toBe('a', { a: like({ status: 200, body: 'hi' }) })
  })
})

test('a failure shows both diagrams', () => {
  const fails = () => {
    marbles(({ cold, expectObservable }) => { expectObservable(cold('--a')).toBe('-a') })
  }
  assert.throws(fails, / {2}expected {2}-a-\n {2}actual {4}--a\n/)
})

test('asynchronous code is found', () => {
  const fails = () => {
    marbles(({ serve }) => { serve(async () => ({ body: 'late' })).connect('a', { a: get('/') }) })
  }
  assert.throws(fails, /returned a promise/)
})
