/**
 * The state that connections share, made from options.
 */
import { describe, expect, it, jest } from '@jest/globals'
import { VirtualTimeScheduler } from 'rxjs'
import { DEFAULT_CONFIG } from '../../lib/connection/config.js'
import { defaultErrorHandler } from '../../lib/connection/error-handler.js'
import type { ConnectionOptions } from '../../lib/reactive/connection-options.js'
import { serverContext } from '../../lib/reactive/server-context.js'

const platform = {
  scheduler: new VirtualTimeScheduler(),
  defer: () => undefined,
  later: () => undefined,
  afterRead: () => undefined,
  onError: () => undefined,
}

function contextOf(options: ConnectionOptions): ReturnType<typeof serverContext> {
  return serverContext(null, options, platform, () => undefined)
}

describe('the context of a server', () => {
  it('has the documented defaults', () => {
    const context = contextOf({})
    expect(context.settings).toMatchObject({
      headersTimeout: 60_000, requestTimeout: 300_000, keepAliveTimeout: 65_000, writeTimeout: 300_000,
      handlerTimeout: 0, sourceTimeout: 0, stalledAfter: 30_000, allowHalfOpen: false, lingerTimeout: 2_000,
      lingerBytes: 1_048_576,
      maxRequestsPerSocket: 0, connectionsCheckingInterval: 1_000, highWaterMark: 16_384,
    })
    expect(context).toMatchObject({
      readLimits: { readBufferSize: 65_536, lingerBytes: 1_048_576 },
      marks: { highWaterMark: 16_384, lowWaterMark: 8_192 },
      errorHandler: defaultErrorHandler, events: null, requests: null,
    })
    expect(context.clock.scheduler).toBe(platform.scheduler)
    expect(context.onError).toBe(platform.onError)
    expect(context.config).toEqual({ ...DEFAULT_CONFIG, date: expect.any(Function) })
    expect(context.config.date?.()).toBe('Thu, 01 Jan 1970 00:00:00 GMT')
  })

  it('has what is given', () => {
    const scheduler = new VirtualTimeScheduler()
    const onError = jest.fn()
    const context = contextOf({
      scheduler, onError, errorHandler: defaultErrorHandler, readBufferSize: 1, maxHeaderSize: 2, maxHeadersCount: 3,
      writeBufferSize: 4, drainLimit: 5, highWaterMark: 6, lowWaterMark: 2, keepAliveTimeout: 7, lingerBytes: 8,
    })
    expect(context).toMatchObject({
      readLimits: { readBufferSize: 1, lingerBytes: 8 }, marks: { highWaterMark: 6, lowWaterMark: 2 },
      errorHandler: defaultErrorHandler,
    })
    context.onError('failure', null)
    expect(onError).toHaveBeenCalledWith('failure', null)
    expect(context.config).toMatchObject({
      readBufferSize: 1, maxHeaderSize: 2, maxHeadersCount: 3, writeBufferSize: 4, drainLimit: 5,
    })
    expect(context.clock.scheduler).toBe(scheduler)
    expect(context.settings.keepAliveTimeout).toBe(7)
  })
})
