/**
 * What the rules of Reactive Streams have in common: a number, a sentence, and a check that fails with both.
 *
 * Strategy: a rule is data with a function, so that any test runner can make a test of each. A check finds out about
 * one rule alone; whatever it throws becomes a {@link RuleError} that names the rule. Signals may come later: a check
 * waits for one with patience, and where none may come it waits until the implementation has settled.
 */
import { libraryScheduler } from '../application/library-scheduler.js'
import { RuleError } from './test-errors.js'

/** One rule of the Reactive Streams specification, version 1.0.4. */
export interface Rule {
  /** As in the specification: '1.1'. */
  readonly number: string
  /** What the rule says, in short. */
  readonly sentence: string
  /** The number and the sentence: a name for a test. */
  readonly name: string
  /** Resolves where the rule is kept. Rejects with a {@link RuleError} where it is not. */
  readonly check: () => Promise<void>
}

/** A rule that no check can tell anything about. */
export interface UncheckedRule {
  readonly number: string
  /** Why there is no check. */
  readonly reason: string
}

/** How long the checks wait. */
export interface RuleTiming {
  /** Resolves when what is tested has done all that it does by itself. A few turns of the event loop unless given. */
  readonly settle?: () => Promise<void>
  /** How many milliseconds a signal that is due may take: 1,000 unless given. */
  readonly patienceMs?: number
}

/** How many turns of the event loop something takes to settle, unless it is told. */
const TURNS = 4
const PATIENCE_MS = 1_000

/** The time of the checks of one implementation. */
export class Patience {
  private readonly timing: RuleTiming

  constructor(timing: RuleTiming) {
    this.timing = timing
  }

  /** Resolves when no signal is under way. */
  async settle(): Promise<void> {
    if (this.timing.settle !== undefined) return this.timing.settle()
    for (let turn = 0; turn < TURNS; turn++) {
      await new Promise<void>(resolve => { libraryScheduler.schedule(() => { resolve() }) })
    }
  }

  /** Resolves when `isThere`, which is looked at whenever `changed` calls back. Rejects where that takes too long. */
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

/** Throws where the condition does not hold. */
export function must(condition: boolean, what: string): void {
  if (!condition) throw new Error(what)
}

/** A rule before it is known what is tested. */
export interface Definition<Test> {
  readonly number: string
  readonly sentence: string
  /** Throws what is wrong. */
  readonly run: (test: Test, patience: Patience) => Promise<void>
}

/** A rule whose check throws what is wrong. */
export function define<Test>(
  number: string, sentence: string, run: Definition<Test>['run'],
): Definition<Test> {
  return { number, sentence, run }
}

/** The rules for what is tested, in the order given. */
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
