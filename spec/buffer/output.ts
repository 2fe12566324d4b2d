/**
 * Access to the output queue: its pending bytes, taken as a transport would, and the errors of its misuse.
 */
import { expect } from '@jest/globals'
import { type Faraday, IOVec } from '../../lib/buffer/index.js'
import { LocalProtocolError } from '../../lib/errors.js'

/** Returns the pending bytes of a queue, as latin-1. */
export function output(queue: Faraday): string {
  return Buffer.concat(queue.iovecs().map(IOVec.view)).toString('latin1')
}

/** Takes `count` bytes, as a transport would, and returns them as latin-1. */
export function written(queue: Faraday, count = queue.pendingBytes): string {
  const bytes = output(queue).slice(0, count)
  queue.shift(count)
  return bytes
}

/** Matches the error of a misuse. */
export const misuse = (code: string): unknown => expect.objectContaining({ constructor: LocalProtocolError, code })
