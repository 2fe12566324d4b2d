/**
 * The asynchronous context (AsyncLocalStorage, traces) that the application's code runs in.
 *
 * Strategy: what happens on a connection happens in whatever context the event loop is in: that of a socket, of another
 * request's write, of a timer that all share. So who takes a callback of the application captures the context at that
 * moment, and calls it back within. What the platform calls a context is the platform's: this room only knows how to
 * run something in one. On a platform without contexts, functions just run.
 *
 * A handler begins in the context of the server, and what it enters (`enterWith`) stays with its request. Where the
 * platform forgets what is entered when a run is over, running it in the server's context is enough; where it writes
 * that into the context (Node before 24), each request needs one of its own.
 *
 * Measured where nobody uses a store: on Node 20, 20 ns to capture and 20 ns to run; on Node 26, 15 ns a request to
 * run it in the server's context, 65 ns with one of its own.
 */
import { Subscriber } from 'rxjs'
import type { ReportError } from './discard.js'
import { guardSignal } from './guarded-signal.js'

/** A context. The method is that of Node's `AsyncResource`. */
export interface Context {
  /** Calls the function within the context and returns what it returns. */
  runInAsyncScope<T>(f: () => T): T
}

const NO_CONTEXT: Context = { runInAsyncScope: f => f() }

let capture: (() => Context) | null = null
let isolates = false

/**
 * Sets how the current context is captured, and whether what is entered within a run is forgotten when that is over. It
 * is for the platform, when it is loaded.
 */
export function useContexts(captureContext: () => Context, areIsolated: boolean): void {
  capture = captureContext
  isolates = areIsolated
}

/** Calls the function in a context that begins as `home` is, in which what the function enters stays. */
export function runApart(home: Context, f: () => void): void {
  if (isolates) home.runInAsyncScope(f)
  else home.runInAsyncScope(() => { currentContext().runInAsyncScope(f) })
}

/** Returns the current context. */
export function currentContext(): Context {
  return capture === null ? NO_CONTEXT : capture()
}

/** Returns a subscriber that passes everything on in the current context. */
export function inContext<T>(subscriber: Subscriber<T>): Subscriber<T> {
  return capture === null ? subscriber : new ContextSubscriber(subscriber, capture())
}

/** Passes everything on in a context. */
class ContextSubscriber<T> extends Subscriber<T> {
  private readonly context: Context

  constructor(destination: Subscriber<T>, context: Context) {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- RxJS's own way to stand between two subscribers
    super(destination)
    this.context = context
  }

  protected override _next(value: T): void {
    this.context.runInAsyncScope(() => { super._next(value) })
  }

  protected override _error(error: unknown): void {
    this.context.runInAsyncScope(() => { super._error(error) })
  }

  protected override _complete(): void {
    this.context.runInAsyncScope(() => { super._complete() })
  }
}

let prepareSignal: (signal: AbortSignal) => void = () => undefined

/** Says what the platform does to the signal of each request: Node 20 warns of more than ten listeners. */
export function useSignals(preparation: (signal: AbortSignal) => void): void {
  prepareSignal = preparation
}

/** A controller whose signal is ready to be given away. What its listeners throw is reported. */
export function makeAbortController(report: ReportError): AbortController {
  const controller = new AbortController()
  prepareSignal(controller.signal)
  guardSignal(controller.signal, report)
  return controller
}
