/**
 * `node:timers/promises` on virtual timers.
 */
import type { VirtualClock, VirtualTimer } from './virtual-clock.js'

/** The options of such a timer. */
interface PromisedTimerOptions {
  readonly signal?: AbortSignal
}

/** The functions of `node:timers/promises`. */
export interface PromisedTimers extends Readonly<Record<string, unknown>> {
  readonly setTimeout: (delay?: number, value?: unknown, options?: PromisedTimerOptions) => Promise<unknown>
  readonly setImmediate: (value?: unknown, options?: PromisedTimerOptions) => Promise<unknown>
  readonly setInterval: (delay?: number, value?: unknown, options?: PromisedTimerOptions) => AsyncIterable<unknown>
}

/** Makes the functions. */
export function promisedTimers(clock: VirtualClock): PromisedTimers {
  const setTimeout: PromisedTimers['setTimeout'] = (delay, value, options) => {
    return promised(clock, fire => clock.setTimeout(fire, delay), value, options)
  }
  const setImmediate: PromisedTimers['setImmediate'] = (value, options) => {
    return promised(clock, fire => clock.setImmediate(fire), value, options)
  }
  return {
    setTimeout,
    setImmediate,
    setInterval: (delay, value, options) => ticks(clock, delay, value, options),
    scheduler: {
      wait: (delay: number, options?: PromisedTimerOptions) => setTimeout(delay, undefined, options),
      yield: () => setImmediate(),
    },
  }
}

function promised(
  clock: VirtualClock, set: (fire: () => void) => VirtualTimer, value: unknown, { signal }: PromisedTimerOptions = {},
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(abortError(signal))
    const abort = (): void => {
      clock.clear(timer)
      reject(abortError(signal))
    }
    const timer = set(() => {
      signal?.removeEventListener('abort', abort)
      resolve(value)
    })
    signal?.addEventListener('abort', abort, { once: true })
  })
}

/** Iterates over the ticks of an interval. Ticks without a pending `next` are kept, as in Node. */
async function* ticks(
  clock: VirtualClock, delay: number | undefined, value: unknown, { signal }: PromisedTimerOptions = {},
): AsyncGenerator {
  let due = 0
  let wake = (): void => undefined
  const interval = clock.setInterval(() => {
    due++
    wake()
  }, delay)
  const abort = (): void => { wake() }
  signal?.addEventListener('abort', abort, { once: true })
  try {
    for (;;) {
      if (due === 0 && signal?.aborted !== true) await new Promise<void>(resolve => { wake = resolve })
      if (signal?.aborted === true) throw abortError(signal)
      due--
      yield value
    }
  } finally {
    signal?.removeEventListener('abort', abort)
    clock.clear(interval)
  }
}

function abortError(signal: AbortSignal | undefined): Error {
  const error = new Error('The operation was aborted', { cause: signal?.reason })
  return Object.assign(error, { name: 'AbortError', code: 'ABORT_ERR' })
}
