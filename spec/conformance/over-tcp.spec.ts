/**
 * Every case of every file in this folder, over real sockets.
 */
import { describe, expect, it } from '@jest/globals'
import { readCaseFiles } from './case-file.js'
import { overTcp } from './over-tcp.js'

describe.each(readCaseFiles(__dirname))('$topic, over TCP', ({ cases }) => {
  it.each(cases)('$title', async example => {
    const { expected, actual } = await overTcp(example)
    expect(actual).toEqual(expected)
  })
})
