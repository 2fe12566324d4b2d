/**
 * The errors of the testing kit: tests that cannot work in virtual time, and expectations that fail. A message says
 * what happened and what to do instead.
 */

/** The number of promises without a step of virtual time that counts as an endless loop. */
export const MAX_PROMISES = 250_000

const WAY_OUT = '`marbles` runs within one synchronous call: promises, `await`, async generators, streams, real timers '
  + 'and callbacks of I/O go on only after it. `await marblesAsync(test)` runs the same test with promises. Or return '
  + 'an Observable (`reqd.body.json()` is one as well: pipe it, do not await it).'

const NO_PROMISES = ' A handler that waits for promises, real timers or callbacks of I/O can\'t go on here: return an '
  + 'Observable, run the test with marblesAsync, or in real time.'

/** A running test: its name, and its call site if that is known. */
export interface RunningTest {
  readonly name: string
  readonly site: string | null
}

/** The code under test waits for something that cannot happen in virtual time. */
export class AsyncCodeError extends Error {
  override readonly name = 'AsyncCodeError'

  constructor(what: string) {
    super(`${what}, which can't happen within one call. ${WAY_OUT}`)
  }
}

/** The diagrams differ. */
export class MarbleError extends Error {
  override readonly name = 'MarbleError'
}

/** Two tests in virtual time overlap. */
export class TwoRunsError extends Error {
  override readonly name = 'TwoRunsError'

  constructor(site: string | null, other: RunningTest) {
    super(`Two tests run in virtual time at once: one began at ${place(site)}, while the ${other.name} that began `
      + `at ${place(other.site)} has not ended. They share one clock, so each has to end before the next begins: `
      + '`await` marblesAsync, and do not let the test runner run tests of one file concurrently.')
  }
}

/** The version of RxJS has other internals. */
export class UnknownRxjsError extends Error {
  override readonly name = 'UnknownRxjsError'

  constructor(missing: readonly string[]) {
    super(`This version of RxJS has no ${missing.join(', ')}: httprx knows those of 7.8. \`marbles\` works without.`)
  }
}

/** Another TestScheduler took RxJS's time while a test ran. */
export class ForeignSchedulerError extends Error {
  override readonly name = 'ForeignSchedulerError'

  constructor() {
    super('Another TestScheduler ran within this test, and ended its virtual time: `run` of a TestScheduler can\'t be '
      + 'called while marblesAsync runs. Await one before you begin the other.')
  }
}

/** The test function still waits at the end of virtual time. */
export class TestStillWaitsError extends Error {
  override readonly name = 'TestStillWaitsError'

  constructor(end: number, pending: readonly string[]) {
    super(`The test function still waits when virtual time has run out (frame ${end}).${pending.length === 0
      ? ' What it waits for never happened.' : ['', ...pending].join('\n  ')}`)
  }
}

/** Promises settle without end while virtual time stands still. */
export class EndlessPromisesError extends Error {
  override readonly name = 'EndlessPromisesError'

  constructor(frame: number, owner: string | undefined, site: string | null) {
    const place = `${owner === undefined ? '' : `in the handler of ${owner}, `}at ${site ?? 'an unknown place'}`
    super(`Promises settle one after another without end at frame ${frame}: ${MAX_PROMISES.toLocaleString('en')} `
      + `so far, ${place}. Virtual time stands still until they are done. Let the loop end, or wait for something that `
      + 'takes time, such as RxJS\'s `timer`, or `setTimeout` with { timers: \'virtual\' }.')
  }
}

/** An endless response is sent to a client that reads everything, so virtual time cannot advance. */
export class EndlessResponseError extends Error {
  override readonly name = 'EndlessResponseError'

  constructor() {
    super('A response wrote more than 64 MiB within one frame, because its source never ends and the client reads all '
      + 'of it. Limit the source, or what the client reads: connect(…, { reads: \'a\' }) with { a: 65536 }.')
  }
}

/** A request was not answered, or its response cannot be completed, before the end of time. */
export class UnansweredError extends Error {
  override readonly name = 'UnansweredError'

  /** `pending` names the pending work of a run in which promises settle; null for a synchronous run. */
  constructor(
    missing: 'answered' | 'completed the response to' | 'closed',
    things: readonly string[], end: number, pending: readonly string[] | null,
  ) {
    super(`Nobody has ${missing} ${things.join(', ')} up to the end of virtual time (frame ${end}).`
      + `${pending === null ? NO_PROMISES : whatIs(pending)} `
      + 'Where a request is meant to stay unanswered: { unanswered: true }.')
  }
}

/** The output ended, or is malformed, within a response. */
export class BrokenResponseError extends Error {
  override readonly name = 'BrokenResponseError'
}

/** One side reset the connection. */
export class ConnectionResetError extends Error {
  override readonly name = 'ConnectionResetError'
  /** Node's code for a reset. */
  readonly code = 'ECONNRESET'

  constructor(side: 'client' | 'server' = 'client') {
    super(`the ${side} reset the connection`)
  }
}

/** A case has another result in another split. */
export class SplitError extends Error {
  override readonly name = 'SplitError'
}

/** A rule of Reactive Streams was broken. */
export class RuleError extends Error {
  override readonly name = 'RuleError'
  /** The number of the rule. */
  readonly rule: string

  constructor(rule: string, message: string, cause?: unknown) {
    super(`Reactive Streams ${rule} ${message}`, { cause })
    this.rule = rule
  }
}

/** A file is not a capture, or cannot be replayed. */
export class CaptureError extends Error {
  override readonly name = 'CaptureError'
}

/** A replay is not as expected. */
export class ReplayError extends Error {
  override readonly name = 'ReplayError'
  /** The number of equal bytes of the output before the first difference. */
  readonly offset: number

  constructor(message: string, offset: number) {
    super(message)
    this.offset = offset
  }
}

function whatIs(pending: readonly string[]): string {
  if (pending.length === 0) return ' Its handler waits for a promise that nobody settles, or for nothing.'
  return `${['', ...pending].join('\n  ')}\nReal timers and I/O do not go on in virtual time: use RxJS's timers, run `
    + 'the test with { timers: \'virtual\' }, or give the handler what it waits for as a function, and another one in '
    + 'the test.'
}

function place(site: string | null): string {
  return site ?? 'an unknown place'
}
