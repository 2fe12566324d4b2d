/**
 * Invalid bodies: the request fails with an error that names the mistake, and other failures are reported, too.
 */
import { describe, expect, it } from '@jest/globals'
import { bodyOf } from '../../lib/reactive/reply.js'
import { Stage } from '../helpers/fake-transport.js'
import { readyPromises } from '../helpers/promises.js'
import { get } from '../helpers/runtime.js'

const FAILURE = new Error('it failed')

describe('an invalid body', () => {
  it.each<[string, unknown]>([
    ['a promise', Promise.resolve('text')], ['a thenable', { then: () => undefined }], ['a number', 5],
    ['an object', {}], ['a Uint16Array', new Uint16Array(1)], ['true', true],
  ])('is refused before the response begins: %s', (_, body) => {
    expect(() => bodyOf({ body: body as never })).toThrow(TypeError)
    const stage = Stage.open(() => ({ body: body as never })).receive(get('/'))
    expect(stage.text).toMatch(/^HTTP\/1.1 500 /)
    expect(stage.errors).toMatchObject([{ name: 'TypeError', message: expect.stringMatching(/^a body is a string/) }])
  })

  it.each<[string, () => unknown]>([
    ['a promise', () => Promise.reject(FAILURE)],
    ['a function that returns a promise', () => () => Promise.reject(FAILURE)],
    ['a promise of a stream that cannot be cancelled', () => Promise.resolve({ cancel: () => { throw FAILURE } })],
  ])('has its own failure reported as well: %s', async (_, make) => {
    const stage = Stage.open(() => ({ body: make() as never })).receive(get('/'))
    await readyPromises()
    expect(stage.text).toMatch(/^HTTP\/1.1 500 /)
    expect(stage.errors.filter(error => error === FAILURE)).toHaveLength(1)
    expect(stage.errors.filter(error => error instanceof TypeError)).toHaveLength(1)
  })

  it.each([[undefined], [null], [5], [{}]])('may be a function that returns %p', made => {
    const stage = Stage.open(() => ({ body: (() => made) as never })).receive(get('/'))
    expect(stage.text).toMatch(/^HTTP\/1.1 500 /)
    expect(stage.errors).toMatchObject([{ message: 'a body that is a function returns an Observable' }])
  })
})
