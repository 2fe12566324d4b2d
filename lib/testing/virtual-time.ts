/**
 * RxJS's TestScheduler with expectations that show their diagrams, and with an end of time.
 *
 * Strategy: everything is recorded while time runs, and compared when it has run out. A server's clock ticks as long as
 * there is a connection, so time has to have an end; whatever would go on for ever is seen up to then.
 */
import type { Observable, Subscription } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import {
  compareMessages, compareSubscriptions, describeUnexpected, type ExpectedMessage, type Message,
  type SubscriptionFrames,
} from './expectation.js'
import { MarbleError } from './test-errors.js'

/** What an expectation of {@link MarbleScheduler} has to be told. */
export interface ObservableExpectation<T> {
  /** As in RxJS: the expected diagram, the values of its letters, and the error of `#`, which is any unless given. */
  toBe(marbles: string, values?: Readonly<Record<string, unknown>>, errorValue?: unknown): void
  /** The same notifications at the same frames as another Observable. */
  toEqual(other: Observable<T>): void
}

/** As in RxJS: the expected subscriptions, a diagram each. */
export interface SubscriptionExpectation {
  toBe(marbles: string | string[]): void
}

/** Something to look at when everything of a frame has happened. */
interface Look {
  readonly frame: number
  readonly look: () => void
}

/** The expected numbers of bytes, or matchers of them, at the frames of a diagram. */
export interface HeldExpectation {
  toBe(marbles: string, values: Readonly<Record<string, unknown>>): void
}

interface Expectation {
  readonly site: Error
  readonly compare: () => string | null
}

const LABELS = new WeakMap<object, string>()

/** Gives an Observable, or a list of subscriptions, the name that messages call it by. */
export function labelled<T extends object>(subject: T, label: string): T {
  LABELS.set(subject, label)
  return subject
}

/** Virtual time: a frame is a millisecond. */
export class MarbleScheduler extends TestScheduler {
  /** What is added to the message of a failed expectation: what else is known. */
  readonly notes: (() => string[])[]
  /** Whether promises settle between two actions: else all of time runs within one synchronous call. */
  readonly settlesPromises: boolean
  private readonly expectations: Set<Expectation>
  private readonly starts: (() => void)[]
  private readonly looks: Look[]
  private isRunning: boolean

  constructor(settlesPromises = false) {
    super(() => undefined)
    this.notes = []
    this.settlesPromises = settlesPromises
    this.expectations = new Set()
    this.starts = []
    this.looks = []
    this.isRunning = false
  }

  /** Whether there is something to run time for. */
  get hasWork(): boolean {
    return this.starts.length + this.actions.length > 0
  }

  override expectObservable<T>(
    observable: Observable<T>, subscriptionMarbles: string | null = null,
  ): ObservableExpectation<T> {
    const actual = this.record(observable, subscriptionMarbles)
    const label = LABELS.get(observable) ?? 'the Observable'
    const expect = this.pending(`expectObservable(${label})`)
    return {
      toBe: (marbles, values, errorValue) => {
        const expected = expectedMessages(marbles, values, errorValue)
        expect(() => compareMessages(label, actual, expected))
      },
      toEqual: other => {
        const messages = this.record(other, subscriptionMarbles)
        expect(() => compareMessages(label, actual, lettered(messages)))
      },
    }
  }

  override expectSubscriptions(actual: readonly SubscriptionFrames[]): SubscriptionExpectation {
    const label = LABELS.get(actual) ?? 'the subscriptions'
    const expect = this.pending('expectSubscriptions')
    return {
      toBe: marbles => {
        const expected = [marbles].flat().map(line => TestScheduler.parseMarblesAsSubscriptions(line, true))
        expect(() => compareSubscriptions(label, actual, expected.filter(log => log.subscribedFrame !== Infinity)))
      },
    }
  }

  /** Expects that nothing comes for so many milliseconds, from the frame on. */
  expectNothing(observable: Observable<unknown>, forMs: number, from = this.frame): void {
    const label = LABELS.get(observable) ?? 'the Observable'
    const to = from + forMs
    if (to > this.maxFrames) throw new MarbleError(`time ends at frame ${this.maxFrames}, before frame ${to}`)
    const actual = this.record(observable, null)
    this.pending('expectNothing')(() => {
      const window = actual.filter(({ frame }) => frame >= from && frame < to)
      return window.length === 0 ? null : describeUnexpected(label, { from, forMs }, window[0])
    })
  }

  /** Expects what `sample` returns at the end of each frame that the diagram names. */
  expectSamples(label: string, sample: () => unknown): HeldExpectation {
    const expect = this.pending('expectHeld')
    return {
      toBe: (marbles, values) => {
        const expected = expectedMessages(marbles, values, undefined)
        const actual: Message[] = []
        for (const { frame } of expected) {
          this.atEndOf(frame, () => { actual.push({ frame, notification: { kind: 'N', value: sample() } }) })
        }
        expect(() => compareMessages(label, actual, expected))
      },
    }
  }

  override createColdObservable<T = string>(
    marbles: string, values?: Readonly<Record<string, T>>, error?: unknown,
  ): ReturnType<typeof TestScheduler.prototype.createColdObservable<T>> {
    checkLetters(marbles, values)
    return super.createColdObservable(marbles, values, error)
  }

  override createHotObservable<T = string>(
    marbles: string, values?: Readonly<Record<string, T>>, error?: unknown,
  ): ReturnType<typeof TestScheduler.prototype.createHotObservable<T>> {
    checkLetters(marbles, values)
    const hot = super.createHotObservable(marbles, values, error)
    if (this.isRunning) this.setUpHot()
    return hot
  }

  /** Calls `start` when time starts, or at once if it runs: so all who subscribe at frame 0 see what happens then. */
  whenRunning(start: () => void): void {
    if (this.isRunning) start()
    else this.starts.push(start)
  }

  /** Ends the test as failed: what throws in an action stops time. */
  fail(error: Error): void {
    this.schedule(() => { throw error })
  }

  /** Calls `look` when everything of the frame has happened. */
  atEndOf(frame: number, look: () => void): void {
    this.looks.push({ frame, look })
    this.looks.sort((one, other) => one.frame - other.frame)
  }

  /** Lets time run out, and throws what is not as expected. */
  override flush(): void {
    this.begin()
    while (this.step());
    this.finish()
  }

  /** Starts time: whoever waits for that begins, and hot Observables count from here. */
  begin(): void {
    this.isRunning = true
    for (const start of this.starts.splice(0)) start()
    this.setUpHot()
  }

  /** Does what comes next. Returns false when time has run out. @throws what the action throws, which ends time */
  step(): boolean {
    const action = this.actions.at(0)
    const isOver = action === undefined || action.delay > this.maxFrames
    this.lookBefore(isOver ? Infinity : action.delay)
    if (isOver) return false
    this.actions.shift()
    this.frame = action.delay
    const error: unknown = action.execute(action.state, action.delay)
    if (error !== undefined) this.abandon(error)
    return true
  }

  /** Compares what happened with what was expected. @throws {@link MarbleError} */
  finish(): void {
    this.isRunning = false
    const expectations = [...this.expectations]
    this.expectations.clear()
    const failed = expectations.flatMap(expectation => {
      const text = expectation.compare()
      return text === null ? [] : [{ text, site: expectation.site }]
    })
    if (failed.length === 0) return
    const notes = this.notes.flatMap(note => note())
    throw errorAt([...failed.map(({ text }) => text), ...notes].join('\n\n'), failed[0].site)
  }

  private setUpHot(): void {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- what `flush` of RxJS does
    for (const hot of this.hotObservables.splice(0)) hot.setup()
  }

  private lookBefore(frame: number): void {
    while (this.looks.length > 0 && this.looks[0].frame < frame) this.looks.shift()?.look()
  }

  private abandon(error: unknown): never {
    for (const action of this.actions.splice(0)) action.unsubscribe()
    this.isRunning = false
    throw error
  }

  private record(observable: Observable<unknown>, subscriptionMarbles: string | null): Message[] {
    const messages: Message[] = []
    const push = (notification: Message['notification']): void => {
      messages.push({ frame: this.frame, notification })
    }
    const { subscribedFrame, unsubscribedFrame } =
      TestScheduler.parseMarblesAsSubscriptions(subscriptionMarbles, true)
    let subscription: Subscription | undefined
    this.schedule(() => {
      subscription = observable.subscribe({
        next: value => { push({ kind: 'N', value }) },
        error: (error: unknown) => { push({ kind: 'E', error }) },
        complete: () => { push({ kind: 'C' }) },
      })
    }, subscribedFrame === Infinity ? 0 : subscribedFrame)
    if (unsubscribedFrame !== Infinity) this.schedule(() => { subscription?.unsubscribe() }, unsubscribedFrame)
    return messages
  }

  /** An expectation that was begun has to be finished: without a diagram it would hold whatever happens. */
  private pending(call: string): (compare: () => string | null) => void {
    const begun: Expectation = { site: new Error(), compare: () => `${call} has no toBe` }
    this.expectations.add(begun)
    return compare => {
      this.expectations.delete(begun)
      this.expectations.add({ site: new Error(), compare })
    }
  }
}

function expectedMessages(
  marbles: string, values: Readonly<Record<string, unknown>> | undefined, errorValue: unknown,
): ExpectedMessage[] {
  const isAnyError = errorValue === undefined
  return (TestScheduler.parseMarbles(marbles, undefined, errorValue, false, true) as Message[]).map(message => {
    const { frame, notification } = message
    if (notification.kind === 'C') return { frame, notification, symbol: '|', isAnyError }
    if (notification.kind === 'E') return { frame, notification, symbol: '#', isAnyError }
    const symbol = notification.value as string
    checkLetter(symbol, marbles, values)
    const value = values === undefined ? symbol : values[symbol]
    return { frame, symbol, isAnyError: false, notification: { kind: 'N', value } }
  })
}

/** RxJS would take it for undefined. @throws {@link MarbleError} where a letter has no value, and others may have */
function checkLetters(marbles: string, values: Readonly<Record<string, unknown>> | undefined): void {
  for (const { notification } of TestScheduler.parseMarbles(marbles, undefined, undefined, false, true)) {
    if (notification.kind === 'N') checkLetter(notification.value as string, marbles, values)
  }
}

function checkLetter(letter: string, marbles: string, values: Readonly<Record<string, unknown>> | undefined): void {
  if (values !== undefined && !(letter in values)) throw new MarbleError(`${letter} in '${marbles}' has no value`)
}

function lettered(messages: readonly Message[]): ExpectedMessage[] {
  return messages.map((message, index) => {
    const symbol = { N: String.fromCharCode(97 + index % 26), C: '|', E: '#' }[message.notification.kind]
    return { ...message, symbol, isAnyError: false }
  })
}

/** An error with this message at the place where the expectation was written. */
function errorAt(message: string, site: Error): MarbleError {
  const error = new MarbleError(message)
  const frames = (site.stack ?? '').split('\n')
  const own = frames.findIndex(line => /\b(toBe|toEqual|expect(Observable|Subscriptions|Nothing|Held))\b/.test(line))
  error.stack = `${error.name}: ${message}\n${frames.slice(own + 1).join('\n')}`
  return error
}
