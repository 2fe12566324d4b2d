/**
 * The AbortSignal of a request, whose listeners cannot end the process.
 *
 * Strategy: an EventTarget rethrows a listener's exception in a later tick, where nobody can catch it. Because a client
 * decides when the signal of its request aborts, each listener is wrapped in a function that reports what it throws.
 * All signals share these functions; `fetch`, streams and `AbortSignal.any` see an ordinary signal. Listeners of
 * derived signals (`AbortSignal.any`) are not guarded.
 */
import { attempt, type ReportError } from '../thrown.js'

type Listener = ((event: Event) => unknown) | { handleEvent(event: Event): unknown }
type GuardedListener = (this: GuardedSignal, event: Event) => void

const REPORT = Symbol('httprx report')

type GuardedSignal = AbortSignal & { readonly [REPORT]: ReportError }

/** One wrapper per listener: an EventTarget recognizes a listener by its identity. */
const guards = new WeakMap<object, GuardedListener>()

let prepareSignal: (signal: AbortSignal) => void = () => undefined

/** Sets how the platform prepares the signal of each request: Node 20 warns of more than ten listeners. */
export function useSignals(preparation: (signal: AbortSignal) => void): void {
  prepareSignal = preparation
}

/** Returns a controller whose signal may be given to the application. Errors of its listeners go to `report`. */
export function makeAbortController(report: ReportError): AbortController {
  const controller = new AbortController()
  prepareSignal(controller.signal)
  guardSignal(controller.signal, report)
  return controller
}

/** Makes the signal report what its listeners throw or reject with. */
function guardSignal(signal: AbortSignal, report: ReportError): void {
  Object.defineProperties(signal, {
    [REPORT]: { value: report },
    addEventListener: { value: addEventListener, configurable: true, writable: true },
    removeEventListener: { value: removeEventListener, configurable: true, writable: true },
  })
}

/* eslint-disable @typescript-eslint/unbound-method -- called with the signal as `this` */
const { addEventListener: add, removeEventListener: remove } = EventTarget.prototype
/* eslint-enable @typescript-eslint/unbound-method */

function addEventListener(this: AbortSignal, type: string, listener: Listener, ...rest: unknown[]): void {
  Reflect.apply(add, this, [type, guardOf(listener), ...rest])
}

function removeEventListener(this: AbortSignal, type: string, listener: Listener, ...rest: unknown[]): void {
  Reflect.apply(remove, this, [type, guardOf(listener), ...rest])
}

/** Returns the wrapper of a listener. An invalid listener is returned as it is, for the EventTarget to refuse. */
function guardOf(listener: unknown): unknown {
  if (typeof listener !== 'function' && (typeof listener !== 'object' || listener === null)) return listener
  const guard = guards.get(listener) ?? guarded(listener as Listener)
  // A guard is its own guard: for `{signal}` options the EventTarget passes the wrapper itself to removeEventListener.
  guards.set(listener, guard).set(guard, guard)
  return guard
}

/** Uses `this` as the signal, because Node sets `event.currentTarget` for the first listener only. */
function guarded(listener: Listener): GuardedListener {
  return function (event) {
    attempt(() => call(listener, this, event), this[REPORT])
  }
}

function call(listener: Listener, signal: AbortSignal, event: Event): unknown {
  return typeof listener === 'function' ? listener.call(signal, event) : listener.handleEvent(event)
}
