/**
 * RxJS's TestScheduler with expectations that draw their diagrams, and with an end of time.
 *
 * Strategy: notifications are recorded while time runs and compared when it ends. A server's clock ticks as long as it
 * has a connection, so time needs an end; endless sources are observed up to then.
 */
import type { Observable, Subscription } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { checkValues, COUNT, SIZE } from '../connection/option-check.js'
import {
  compareMessages, compareSubscriptions, describeUnexpected, type ExpectedMessage, type Message,
  type SubscriptionFrames,
} from './expectation.js'
import { MarbleError } from './test-errors.js'

/** The second half of `expectObservable`. */
export interface ObservableExpectation<T> {
  /** As in RxJS: the expected diagram, the values of its letters, and the error of `#` (default: any error). */
  toBe(marbles: string, values?: Readonly<Record<string, unknown>>, errorValue?: unknown): void
  /** The same notifications at the same frames as another Observable. */
  toEqual(other: Observable<T>): void
}

/** As in RxJS: the expected subscriptions, one diagram each. */
export interface SubscriptionExpectation {
  toBe(marbles: string | string[]): void
}

/** A callback at the end of a frame. */
interface Look {
  readonly frame: number
  readonly look: () => void
}

/** The second half of `expectHeld`: numbers of bytes, or matchers, at the frames of a diagram. */
export interface HeldExpectation {
  toBe(marbles: string, values: Readonly<Record<string, unknown>>): void
}

interface Expectation {
  readonly site: Error
  readonly compare: () => string | null
}

const LABELS = new WeakMap<object, string>()

/** Names an Observable, or a list of subscriptions, for failure messages. */
export function labelled<T extends object>(subject: T, label: string): T {
  LABELS.set(subject, label)
  return subject
}

/** A scheduler of virtual time; a frame is a millisecond. */
export class MarbleScheduler extends TestScheduler {
  /** Functions that return notes for the message of a failed expectation. */
  readonly notes: (() => string[])[]
  /** Whether promises settle between actions; otherwise all of time runs within one synchronous call. */
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

  /** Whether any action is scheduled. */
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

  /** Expects no notification for `forMs` milliseconds from the frame on. */
  expectNothing(observable: Observable<unknown>, forMs: number, from = this.frame): void {
    checkValues({ forMs, from }, { forMs: SIZE, from: COUNT })
    const label = LABELS.get(observable) ?? 'the Observable'
    const to = from + forMs
    if (to > this.maxFrames) throw new MarbleError(`time ends at frame ${this.maxFrames}, before frame ${to}`)
    const actual = this.record(observable, null)
    this.pending('expectNothing')(() => {
      const window = actual.filter(({ frame }) => frame >= from && frame < to)
      return window.length === 0 ? null : describeUnexpected(label, { from, forMs }, window[0])
    })
  }

  /** Expects the values that `sample` returns at the end of each frame in the diagram. */
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

  /**
   * Calls `start` when time starts, or at once if it runs, so that subscribers at frame 0 see the events of frame 0.
   */
  whenRunning(start: () => void): void {
    if (this.isRunning) start()
    else this.starts.push(start)
  }

  /** Fails the test: an exception in an action stops time. */
  fail(error: Error): void {
    this.schedule(() => { throw error })
  }

  /** Calls `look` at the end of the frame. */
  atEndOf(frame: number, look: () => void): void {
    this.looks.push({ frame, look })
    this.looks.sort((one, other) => one.frame - other.frame)
  }

  /** Runs time to its end and checks the expectations. */
  override flush(): void {
    this.begin()
    while (this.step());
    this.finish()
  }

  /** Starts time: calls the `start` callbacks and sets up hot Observables. */
  begin(): void {
    this.isRunning = true
    for (const start of this.starts.splice(0)) start()
    this.setUpHot()
  }

  /** Runs the next action. Returns false when time has run out. @throws the action's exception, which ends time */
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

  /** Checks the expectations. @throws {@link MarbleError} */
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

  /** Registers an expectation that fails until it gets its diagram: without one it would always hold. */
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

/** @throws {@link MarbleError} `values` lacks a letter of the diagram, which RxJS would emit as undefined */
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

/** Returns an error whose stack starts where the expectation was written. */
function errorAt(message: string, site: Error): MarbleError {
  const error = new MarbleError(message)
  const frames = (site.stack ?? '').split('\n')
  const own = frames.findIndex(line => /\b(toBe|toEqual|expect(Observable|Subscriptions|Nothing|Held))\b/.test(line))
  error.stack = `${error.name}: ${message}\n${frames.slice(own + 1).join('\n')}`
  return error
}
