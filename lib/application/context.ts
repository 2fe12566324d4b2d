/**
 * The asynchronous context (AsyncLocalStorage, traces) in which the application's code runs.
 *
 * Strategy: a connection's work runs in whatever context the event loop happens to be in: that of a socket, of another
 * request's write, of a shared timer. So code that accepts a callback from the application captures the context at that
 * moment and runs the callback in it. The platform provides the contexts; on a platform without them, functions just
 * run.
 *
 * A handler starts in the context of the server, and a store that it enters (`enterWith`) stays with its request. Where
 * the platform drops an entered store at the end of a run, running the handler in the server's context is enough; where
 * `enterWith` changes the context object itself (Node before 24), each request needs a context of its own.
 *
 * Most events of sockets begin in the server's context already, and the runtime drops at their end what was entered in
 * them. The first handler of such an event runs as it is: {@link beginEvent}. A hello takes 13 % fewer instructions so
 * (Node 26), because a run within a native event leaves a list that the runtime then shortens, slowly.
 *
 * Measured without a store in use: on Node 20, 20 ns to capture and 20 ns to run; on Node 26, 15 ns a request to run it
 * in the server's context, 65 ns with one of its own.
 */
import { Subscriber } from 'rxjs'

/** A context. The method is that of Node's `AsyncResource`. */
export interface Context {
  /** Calls the function within the context and returns what it returns. */
  runInAsyncScope<T>(f: () => T): T
}

const NO_CONTEXT: Context = { runInAsyncScope: f => f() }

let capture: (() => Context) | null = null
let isolates = false
let isSame: (one: Context, other: Context) => boolean = () => false
/** Whose event is under way and began in a context of its own; null once a handler has begun in it. */
let fresh: object | null = null

/**
 * Sets how the current context is captured, whether a store entered within a run is dropped at its end, and whether two
 * contexts are known to hold the same stores. The platform calls it when it is loaded.
 */
export function useContexts(
  captureContext: () => Context, areIsolated: boolean, areSame: (one: Context, other: Context) => boolean,
): void {
  capture = captureContext
  isolates = areIsolated
  isSame = areSame
}

/**
 * The runtime has begun an event of `owner` (a transport): in the context in which the owner was made, and it drops at
 * the end of the event what is entered in it. Call it with null at the end.
 */
export function beginEvent(owner: object | null): void {
  fresh = owner
}

/** Returns whether an event of `owner` is under way in which no handler has begun; from now on one has. */
export function takeEvent(owner: object): boolean {
  if (fresh !== owner) return false
  fresh = null
  return true
}

/** Whether what runs now is known to run in `home`. */
export function isCurrent(home: Context): boolean {
  return isolates && isSame(home, currentContext())
}

/** Calls the function in a context that starts as `home`; a store that it enters does not leak into `home`. */
export function runApart<R>(home: Context, f: () => R): R {
  return home.runInAsyncScope(isolates ? f : () => currentContext().runInAsyncScope(f))
}

/** Returns the current context. */
export function currentContext(): Context {
  return capture === null ? NO_CONTEXT : capture()
}

/** Returns a subscriber that forwards all notifications in the current context. */
export function inContext<T>(subscriber: Subscriber<T>): Subscriber<T> {
  return capture === null ? subscriber : new ContextSubscriber(subscriber, capture())
}

/** Forwards all notifications in a context. */
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
