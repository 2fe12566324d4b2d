/**
 * The platform of servers on Node: scheduling, error reports, and asynchronous contexts.
 */
import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks'
import { setMaxListeners } from 'node:events'
import { useContexts } from '../application/context.js'
import { useSignals } from '../application/guarded-signal.js'
import { libraryScheduler } from '../application/library-scheduler.js'
import { works } from '../buffer/probe.js'
import { ConnectionClosedError, RemoteProtocolError } from '../errors.js'
import type { Platform } from '../reactive/server-context.js'
import { Deferred } from './deferred.js'
import { isNode, setImmediate } from './runtime.js'
import { turns } from './turns.js'
import { watchGivenMemory } from './young-generation.js'

/** The default `onError`: prints errors of the application. Errors that a client causes are visible on `events$`. */
function printError(error: unknown): void {
  if (error instanceof RemoteProtocolError || error instanceof ConnectionClosedError) return
  /* eslint-disable no-console -- an error without a listener must not vanish */
  try {
    console.error(error)
  } catch {
    console.error('an error that cannot be printed, because printing it throws')
  }
  /* eslint-enable no-console */
}

const deferred = new Deferred()

/** Node's event loop and console. */
export const NODE_PLATFORM: Platform = {
  scheduler: libraryScheduler,
  defer: task => { deferred.add(task) },
  later: task => { turns.add(task) },
  // The first immediate may run before the next poll of the sockets; the second runs after it.
  afterRead: task => { setImmediate(() => { setImmediate(task) }) },
  onError: printError,
}

// Many listeners are no leak: the signal is garbage after its request.
useSignals(signal => { setMaxListeners(0, signal) })

function captureContext(): AsyncResource {
  return new AsyncResource('HTTPRX', { requireManualDestroy: true })
}

/**
 * Whether stores follow promises by hooks, as they do before Node 24. A storage that was used there, even if only once,
 * makes V8 give up its shortcuts for promises in the whole process, those of the application included: a chunk of a web
 * stream takes a fifth more.
 */
const followsByHooks = isNode && '_enable' in AsyncLocalStorage.prototype

/** Whether a store entered within a run is dropped at its end. With hooks it is kept in the resource. */
function forgetsEntered(): boolean {
  if (followsByHooks) return false
  const storage = new AsyncLocalStorage<true>()
  const context = captureContext()
  context.runInAsyncScope(() => { storage.enterWith(true) })
  const isForgotten = context.runInAsyncScope(() => storage.getStore()) === undefined
  storage.disable()
  return isForgotten
}

/** The property of a resource that holds the stores of its context; undefined where there is none. */
const STORES = Object.getOwnPropertySymbols(captureContext()).find(({ description }) => description === 'context_frame')

function holdSameStores(one: object, other: object): boolean {
  if (STORES === undefined) return false
  return (one as Record<symbol, unknown>)[STORES] === (other as Record<symbol, unknown>)[STORES]
}

useContexts(captureContext, works(forgetsEntered), holdSameStores)

watchGivenMemory()
