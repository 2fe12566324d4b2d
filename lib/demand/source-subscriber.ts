/**
 * A subscriber at the end of one of the application's sources.
 *
 * Strategy: RxJS drops what a source throws when it has ended within its subscription, as a teardown may. From the
 * source itself it comes out of the call of `subscribe`, from the last operator it arrives as an error behind the end;
 * both are reported. (What operators before the last one throw then does not arrive.) An error that comes later is
 * dropped, as by RxJS: it may be a mere consequence of the end. A source that cannot be subscribed, as a Subject that
 * was unsubscribed, throws as well, and has failed.
 */
import { Subscriber, type Observable } from 'rxjs'

/** A gate, as far as it is told of its source. */
interface SourceGate {
  /** The source was left, or has ended. */
  left(): void
}

/** Subscribes one source. A subclass calls {@link behindEnd} with errors that come when it is done. */
export abstract class SourceSubscriber<T> extends Subscriber<T> {
  /** The gate that the values pass; null if they pass none. */
  protected abstract readonly gate: SourceGate | null
  private isSubscribing: boolean

  constructor() {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- what RxJS puts around an observer costs each value
    super()
    this.isSubscribing = false
  }

  /** Subscribes the source. It may end within the call. */
  follow(source: Observable<T>): void {
    this.isSubscribing = true
    try {
      source.subscribe(this)
    } catch (error) {
      this.error(error)
    }
    this.isSubscribing = false
  }

  override unsubscribe(): void {
    try {
      super.unsubscribe()
    } finally {
      // Also if a teardown threw: others that share the source must not wait for this one.
      this.gate?.left()
    }
  }

  /** An error came behind the end. */
  protected behindEnd(error: unknown): void {
    if (this.isSubscribing) this.reportLate(error)
  }

  /** Receives errors of a source that has ended. */
  protected abstract reportLate(error: unknown): void
}
