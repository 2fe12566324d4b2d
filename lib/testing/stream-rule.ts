/**
 * The form of a Reactive Streams rule: a number, a sentence, and a check that fails with both.
 *
 * Strategy: a rule is data with a function, so that any test runner can make a test of it. A check covers one rule;
 * what it throws becomes a {@link RuleError} that names the rule. Signals may be asynchronous: a check waits for an
 * expected one with a time limit, and before it asserts that none came, until the implementation has settled.
 */
import { libraryScheduler } from '../application/library-scheduler.js'
import { RuleError } from './test-errors.js'

/** One rule of the Reactive Streams specification, version 1.0.4. */
export interface Rule {
  /** The number in the specification, such as '1.1'. */
  readonly number: string
  /** A summary of the rule. */
  readonly sentence: string
  /** The number and the sentence: a name for a test. */
  readonly name: string
  /** Resolves if the rule is kept. Rejects with a {@link RuleError} if it is broken. */
  readonly check: () => Promise<void>
}

/** A rule that cannot be checked. */
export interface UncheckedRule {
  readonly number: string
  /** Why there is no check. */
  readonly reason: string
}

/** How long the checks wait. */
export interface RuleTiming {
  /** Resolves when the implementation has settled. Default: after a few turns of the event loop. */
  readonly settle?: () => Promise<void>
  /** The time limit of an expected signal in milliseconds. Default: 1,000. */
  readonly patienceMs?: number
}

/** The default number of event loop turns to settle. */
const TURNS = 4
const PATIENCE_MS = 1_000

/** Waits for the checks of one implementation. */
export class Patience {
  private readonly timing: RuleTiming

  constructor(timing: RuleTiming) {
    this.timing = timing
  }

  /** Resolves when no signal is pending. */
  async settle(): Promise<void> {
    if (this.timing.settle !== undefined) return this.timing.settle()
    for (let turn = 0; turn < TURNS; turn++) {
      await new Promise<void>(resolve => { libraryScheduler.schedule(() => { resolve() }) })
    }
  }

  /** Resolves when `isThere` is true, which is checked whenever `changed` calls back. Rejects at the time limit. */
  async until(isThere: () => boolean, changed: (callback: () => void) => void, what: string): Promise<void> {
    if (isThere()) return
    const { patienceMs = PATIENCE_MS } = this.timing
    await new Promise<void>((resolve, reject) => {
      const limit = libraryScheduler.schedule(() => { reject(new Error(`${what} did not come`)) }, patienceMs)
      changed(() => {
        if (!isThere()) return
        limit.unsubscribe()
        resolve()
      })
    })
  }
}

/** Throws if the condition does not hold. */
export function must(condition: boolean, what: string): void {
  if (!condition) throw new Error(what)
}

/** A rule before it is bound to an implementation. */
export interface Definition<Test> {
  readonly number: string
  readonly sentence: string
  /** Throws an error that says what is wrong. */
  readonly run: (test: Test, patience: Patience) => Promise<void>
}

/** Defines a rule. */
export function define<Test>(
  number: string, sentence: string, run: Definition<Test>['run'],
): Definition<Test> {
  return { number, sentence, run }
}

/** Binds the definitions to an implementation, in the given order. */
export function rulesOf<Test>(
  definitions: readonly Definition<Test>[], test: Test, patience: Patience,
): readonly Rule[] {
  return definitions.map(({ number, sentence, run }) => ({
    number,
    sentence,
    name: `Reactive Streams ${number}: ${sentence}`,
    check: async () => {
      try {
        await run(test, patience)
      } catch (error) {
        throw new RuleError(number, `(${sentence}): ${error instanceof Error ? error.message : String(error)}`, error)
      }
    },
  }))
}
