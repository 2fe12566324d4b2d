/**
 * The states of a connection, as data.
 *
 * Strategy: input and output are two machines. {@link INPUT_MOVES} and {@link OUTPUT_MOVES} define their transitions;
 * the halves take their next state from there. {@link OPERATIONS} defines the next operation for each pair of states;
 * that for input is taken from there. A spec walks both tables, and docs/states.md draws them (`npm run states` writes
 * it).
 *
 * Input: `head`, between requests or within a head; `body`, the handler may read the body; `drain`, the rest of the
 * body is dropped; `done`, the request was read; `upgraded`, all further input is another protocol's; `closed`, no more
 * is consumed. Output: `idle`, no response is owed; `waiting`, the handler owes one; `streaming`, a body is being
 * written (with closed input, by the error handler); `complete`, the response is queued and the request is not yet
 * consumed; `failing`, the error handler owes a response; `upgrade`, the connection is handed over when the head is on
 * the wire and the request was read; `closed`, nothing more is queued.
 *
 * When a response is complete and the request is `done`, the connection returns to head × idle if it is persistent,
 * else both halves close. An incomplete body is then drained, or keeps its reader if the handler is still reading, or
 * ends the connection if it is not persistent or too long to be drained. All this is decided when the handler has
 * returned, which may respond first and read then.
 *
 * If both halves wait for the peer or the application, only a time limit can end that, and time is the driver's. The
 * limits of `httprx`, and the calls at their end: `head`, headersTimeout and keepAliveTimeout; `body, wanted`,
 * requestTimeout; `waiting`, and `streaming` without a byte, handlerTimeout; `streaming` with no pending byte,
 * sourceTimeout; `failing`, and `streaming` with closed input, errorHandlerTimeout (all `reportExn`); `complete` and
 * `upgrade` with a `body` that is not consumed, lingerTimeout (`dropBody`); with `drain`, lingerTimeout (`shutdown`);
 * pending output, writeTimeout (`closed` is reported).
 */
import type { ReadOperation, WriteOperation } from './operation.js'

/** The states of the input half. */
export type InputState = 'head' | 'body' | 'drain' | 'done' | 'upgraded' | 'closed'

/** The states of the output half. */
export type OutputState = 'idle' | 'waiting' | 'streaming' | 'complete' | 'failing' | 'upgrade' | 'closed'

/**
 * A row of {@link OPERATIONS}: an input state, and with it `full`, more output waits than `writeBufferSize`; or
 * `wanted`, a read of the body is scheduled, or its trailers are being read.
 */
export type InputPlace = InputState | 'head, full' | 'body, wanted'

/** An event of one half: the states in which it may occur, and the state that it leads to. */
interface Move<State extends string> {
  readonly from: readonly State[]
  readonly to: State
}

/** The events of the input half. */
export const INPUT_MOVES = {
  requestCame: { from: ['head'], to: 'done' },
  bodyBegan: { from: ['head'], to: 'body' },
  bodyEnded: { from: ['body', 'drain'], to: 'done' },
  bodyDropped: { from: ['body'], to: 'drain' },
  exchangeOver: { from: ['done'], to: 'head' },
  handedOver: { from: ['done'], to: 'upgraded' },
  closed: { from: ['head', 'body', 'drain', 'done', 'upgraded'], to: 'closed' },
} as const satisfies Record<string, Move<InputState>>

/** The events of the output half. */
export const OUTPUT_MOVES = {
  requestCame: { from: ['idle'], to: 'waiting' },
  bodyBegan: { from: ['waiting', 'failing'], to: 'streaming' },
  responseComplete: { from: ['waiting', 'streaming'], to: 'complete' },
  upgradeBegan: { from: ['waiting'], to: 'upgrade' },
  exchangeOver: { from: ['complete'], to: 'idle' },
  failed: { from: ['idle', 'waiting', 'streaming', 'upgrade'], to: 'failing' },
  closed: { from: ['idle', 'waiting', 'streaming', 'complete', 'upgrade', 'failing'], to: 'closed' },
} as const satisfies Record<string, Move<OutputState>>

/** A row of {@link OPERATIONS}. */
interface Row {
  /** The next operation for input. */
  readonly read: ReadOperation
  /** The next operation for output when no bytes are pending, by its state; a connection is never in the others. */
  readonly write: Readonly<Partial<Record<OutputState, WriteOperation['type']>>>
}

const WAITING = { waiting: 'yield', streaming: 'yield' } as const

/** The next operations for input and output. Wherever bytes are pending, that for output is `write`. */
export const OPERATIONS = {
  'head': { read: 'read', write: { idle: 'yield' } },
  'head, full': { read: 'yield', write: { idle: 'write' } },
  'body, wanted': { read: 'read', write: { ...WAITING, complete: 'yield', upgrade: 'yield' } },
  'body': { read: 'yield', write: { ...WAITING, complete: 'yield', upgrade: 'yield' } },
  'drain': { read: 'read', write: { complete: 'yield', upgrade: 'yield' } },
  'done': { read: 'yield', write: { ...WAITING, upgrade: 'write' } },
  'upgraded': { read: 'upgrade', write: { upgrade: 'upgrade' } },
  'closed': { read: 'close', write: { streaming: 'yield', failing: 'yield', closed: 'close' } },
} as const satisfies Record<InputPlace, Row>
