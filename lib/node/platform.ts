/**
 * How a server waits and complains on Node.
 */
import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks'
import { setMaxListeners } from 'node:events'
import { useContexts, useSignals } from '../application/context.js'
import { libraryScheduler } from '../application/library-scheduler.js'
import { works } from '../buffer/probe.js'
import { ConnectionClosedError, RemoteProtocolError } from '../errors.js'
import type { Platform } from '../reactive/server-context.js'
import { nextTick, setImmediate } from './runtime.js'
import { Turns } from './turns.js'

/** What a client does is seen on `events$`; what a handler throws must be seen by somebody. */
function printError(error: unknown): void {
  if (error instanceof RemoteProtocolError || error instanceof ConnectionClosedError) return
  // eslint-disable-next-line no-console -- an error that nobody asked for must not vanish
  console.error(error)
}

const turns = new Turns()

/** Node's event loop and console. */
export const NODE_PLATFORM: Platform = {
  scheduler: libraryScheduler,
  defer: task => { nextTick(task) },
  later: task => { turns.add(task) },
  // The first immediate may come before the next look at the sockets; the second comes behind it.
  afterRead: task => { setImmediate(() => { setImmediate(task) }) },
  onError: printError,
}

// None is a leak: the signal goes with its request.
useSignals(signal => { setMaxListeners(0, signal) })

function captureContext(): AsyncResource {
  return new AsyncResource('HTTPRX', { requireManualDestroy: true })
}

/** Whether a store that is entered within a run is forgotten when the run is over: Node writes it there before 24. */
function forgetsEntered(): boolean {
  const storage = new AsyncLocalStorage<true>()
  const context = captureContext()
  context.runInAsyncScope(() => { storage.enterWith(true) })
  const isForgotten = context.runInAsyncScope(() => storage.getStore()) === undefined
  storage.disable()
  return isForgotten
}

useContexts(captureContext, works(forgetsEntered))
