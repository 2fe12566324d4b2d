/**
 * A WebSocket connection, as its user sees it.
 */
import { endWith, ignoreElements, NEVER, Subscription, takeUntil, tap, type Observable } from 'rxjs'
import { discard } from '../application/discard.js'
import type { Report } from '../application/guarded-observable.js'
import { checkOptions } from '../connection/option-check.js'
import { chunkSize } from '../demand/chunk.js'
import { ControlledSubject } from '../demand/controlled-subject.js'
import { fromSource } from '../demand/from-source.js'
import { DEFAULT_OVERFLOW } from '../demand/overflow-policy.js'
import type { Marks } from '../demand/water-marks.js'
import { LocalProtocolError } from '../errors.js'
import { isCloseCode } from './close-codes.js'
import { messagesOf, projectionsOf, type ProjectMessage } from './message-flow.js'
import { SEND_KINDS, type MessageSource, type SendOptions } from './message-source.js'
import type { WebSocketClosure, WebSocketMessage } from './message.js'
import type { Outbox } from './outbox.js'
import { Sending } from './sending.js'
import type { Session } from './session.js'

/** RFC 6455 §5.5: a control frame has at most 125 bytes; two are the code's. */
const LONGEST_REASON = 123

/**
 * A WebSocket connection: an Observer of the messages to the client, with the demand of a {@link ControlledSubject},
 * and an Observable of those from it. `complete` closes with 1000 behind the messages written, `error` with 1011.
 *
 * `closed$` emits 'done' if the closing handshake took place, else 'aborted'; {@link closure} is set then. Bytes
 * written belong to the connection.
 *
 * @example
 * connection.messages$.subscribe(message => room.next(message))
 * connection.send(room, { overflow: 'dropOldest' })
 */
export class WebSocketConnection extends ControlledSubject<WebSocketMessage> {
  /** The subprotocol that was chosen, '' if none was. */
  readonly protocol: string
  private readonly session: Session

  /** @internal */
  constructor(session: Session, protocol: string, marks: Marks) {
    super(session, marks)
    this.protocol = protocol
    this.session = session
  }

  /**
   * The messages from the client, for one subscriber at a time. It completes when the connection is over and never
   * fails: a protocol error of the client is in {@link closure}.
   *
   * Without a subscriber, a message waits and the socket is paused: control frames in front of the next message (pings,
   * a close) are answered, bytes behind it are not read. So subscribe also on a connection that only sends, if the
   * client may send messages.
   */
  get messages$(): Observable<WebSocketMessage> {
    return messagesOf(this.session.inbox, this.reportMessages)
  }

  /** How many bytes the server holds for the client. */
  get bufferedAmount(): number {
    return this.session.pending
  }

  /** How the connection ended; null while it has not. */
  get closure(): WebSocketClosure | null {
    return this.session.closure
  }

  /**
   * Projects each message to an Observable (a promise, an iterable) and emits its values. Nothing is read while it is
   * active: so the client can send no faster than the messages are processed.
   *
   * @example
   * connection.concatMap(message => store.save(message)).subscribe()
   */
  concatMap<R>(project: ProjectMessage<R>): Observable<R> {
    return projectionsOf(this.session.inbox, project, this.reportMessages)
  }

  /**
   * Sends the messages of the source as the client takes them. Unsubscribe the result to stop. The end of the source is
   * not that of the connection; its failure is, with 1011. With several sources at once, each is given the whole
   * demand.
   *
   * @throws {@link LocalProtocolError} badRange, badOption: an invalid value, or a misspelt name of an option
   */
  send(source: MessageSource, options: SendOptions = {}): Subscription {
    checkOptions(options, SEND_KINDS)
    if (typeof source === 'function') return this.sendDriven(source(this.ready$, NEVER))
    const { overflow = DEFAULT_OVERFLOW, onDrop } = options
    const messages$ = fromSource(source)
    const sending = new Sending(this, { overflow, ...onDrop && { onDrop } })
    if (this.isClosed) {
      discard(source, error => { this.session.report(error) })
      return Subscription.EMPTY
    }
    this.session.sends(sending)
    sending.start(messages$)
    return sending
  }

  /**
   * Closes the connection behind the messages that were written, with a code and at most 123 bytes of a reason.
   *
   * @throws {@link LocalProtocolError} badRange: a code that must not be sent (only 1000–1003, 1007–1014 and 3000–4999
   *   may), or a reason that is too long
   */
  close(code = 1000, reason = ''): void {
    if (!isCloseCode(code)) throw new LocalProtocolError('badRange', `${code} is not a close code that may be sent`)
    if (chunkSize(reason) > LONGEST_REASON) {
      throw new LocalProtocolError('badRange', `a close reason has at most ${LONGEST_REASON} bytes`)
    }
    this.session.closeWith({ code, reason })
    this.complete()
  }

  /** Terminates the connection: pending messages are lost, and the client gets no close frame. */
  terminate(): void {
    this.session.terminate()
  }

  /** @internal */
  get outbox(): Outbox {
    return this.session.outbox
  }

  /** @internal */
  sent(sending: Sending): void {
    this.session.sent(sending)
  }

  /** After an unhandled failure there is no taker of messages. */
  private get reportMessages(): Report {
    return (error, kind) => {
      if (kind === 'thrown' || this.isClosed) this.session.report(error)
      else this.error(error)
    }
  }

  /** Sends a source that respects `ready$` by itself. */
  private sendDriven(messages$: Observable<WebSocketMessage>): Subscription {
    const ended$ = this.ready$.pipe(ignoreElements(), endWith(true))
    return messages$.pipe(
      tap(message => { this.write(message) }),
      takeUntil(ended$),
    ).subscribe({ error: (error: unknown) => { this.error(error) } })
  }
}
