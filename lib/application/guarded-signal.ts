/**
 * The signal of a request, whose listeners cannot end the process.
 *
 * Strategy: an EventTarget gives what a listener throws to the process, in a later tick, where nobody can catch it. A
 * client decides when the signal of its request aborts, so each listener is called by one of ours, which reports what
 * it throws. All signals share these functions; `fetch`, streams and `AbortSignal.any` see a signal like any other. The
 * listeners of a signal that was made of it (`AbortSignal.any`, `AbortSignal.abort`) are not ours to call.
 */
import { onRejection } from '../errors.js'
import type { ReportError } from './discard.js'

type Listener = ((event: Event) => unknown) | { handleEvent(event: Event): unknown }
type GuardedListener = (this: GuardedSignal, event: Event) => void

const REPORT = Symbol('httprx report')

type GuardedSignal = AbortSignal & { readonly [REPORT]: ReportError }

/** The function that calls a listener: an EventTarget knows a listener that was added before by its identity. */
const guards = new WeakMap<object, GuardedListener>()

/** Has what the listeners of the signal throw, or reject with, reported. */
export function guardSignal(signal: AbortSignal, report: ReportError): void {
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

/** What is no listener is the EventTarget's to refuse. */
function guardOf(listener: unknown): unknown {
  if (typeof listener !== 'function' && (typeof listener !== 'object' || listener === null)) return listener
  const guard = guards.get(listener) ?? guarded(listener as Listener)
  // A guard is its own: the EventTarget removes what it has, where a listener goes with another signal.
  guards.set(listener, guard).set(guard, guard)
  return guard
}

/** Node knows `currentTarget` for the first listener alone; `this` is the signal for all of them. */
function guarded(listener: Listener): GuardedListener {
  return function (event) {
    try {
      const result = typeof listener === 'function' ? listener.call(this, event) : listener.handleEvent(event)
      onRejection(result, this[REPORT])
    } catch (error) {
      this[REPORT](error)
    }
  }
}
