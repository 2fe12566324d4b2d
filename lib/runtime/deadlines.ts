/**
 * The time limits of one connection.
 *
 * Strategy: each tick of the server's clock samples the connection's phase, and time is counted from the tick that
 * first saw that phase. A request that starts and ends between two ticks costs nothing. A limit therefore fires no
 * earlier than its time and at most two ticks later. Time counts against a client only while the server waits for
 * that client.
 */

/** What a connection is waiting for. */
export type Phase =
  | 'idle' | 'head' | 'body' | 'handler' | 'errorHandler' | 'source' | 'response' | 'unread' | 'drain' | 'linger'

/** A limit that was reached. */
export type Limit =
  | 'headersTimeout' | 'requestTimeout' | 'keepAliveTimeout' | 'writeTimeout' | 'handlerTimeout' | 'lingerTimeout'
  | 'readTimeout' | 'errorHandlerTimeout' | 'sourceTimeout'

/** Each limit, and the time after which a handler counts as stalled, in milliseconds; 0: no limit. */
export type TimeLimits = Readonly<Record<Limit | 'stalledAfter', number>>

/** What each tick samples of a connection. Counts are totals since it opened, unless they say otherwise. */
export interface Watched {
  readonly phase: Phase
  /** Requests received. */
  readonly requestCount: number
  readonly receivedBytes: number
  readonly writtenBytes: number
  /** Bytes of the current request body that were consumed. */
  readonly bodyConsumed: number
  readonly hasOutput: boolean
}

/** The time limits of one connection, checked at each tick. */
export class Deadlines {
  private readonly limits: TimeLimits
  private phase: Phase
  private request: number
  private since: number
  private waited: number
  private received: number
  private receivedSince: number
  private written: number
  private consumed: number
  private writtenSince: number
  /** Whether the last tick saw pending output. */
  private isWaiting: boolean
  private last: number
  /** The number of the last request that was reported as stalled. */
  private stalled: number

  constructor(limits: TimeLimits, now: number) {
    this.limits = limits
    this.phase = 'idle'
    this.request = 0
    this.since = now
    this.waited = 0
    this.received = 0
    this.receivedSince = now
    this.written = 0
    this.consumed = 0
    this.writtenSince = now
    this.isWaiting = false
    this.last = now
    this.stalled = 0
  }

  /** Returns true once for each request whose handler, at the last tick, had been silent for `stalledAfter`. */
  takeStall(): boolean {
    const hasStalled = this.phase === 'handler' && exceeds(this.last - this.since, this.limits.stalledAfter)
    if (!hasStalled || this.stalled === this.request) return false
    this.stalled = this.request
    return true
  }

  /** Samples the connection and returns the limit that is reached at `now`, or null. */
  tick(watched: Watched, now: number): Limit | null {
    const passed = now - this.last
    this.last = now
    this.observe(watched, now, passed)
    return this.phaseLimit(watched, now) ?? this.writeLimit(watched, now - this.writtenSince)
  }

  private observe(watched: Watched, now: number, passed: number): void {
    const isSame = watched.phase === this.phase && watched.requestCount === this.request
    const isSamePhase = isSame && !this.hasReadOn(watched) && !this.hasWrittenOn(watched)
    if (!this.isSameRequest(watched)) this.waited = 0
    else if (isSamePhase && (watched.phase === 'head' || watched.phase === 'body')) this.waited += passed
    if (!isSamePhase) this.since = now
    if (!isSamePhase || watched.receivedBytes !== this.received) this.receivedSince = now
    this.received = watched.receivedBytes
    this.phase = watched.phase
    this.request = watched.requestCount
    this.consumed = watched.bodyConsumed
    if (watched.writtenBytes === this.written && watched.hasOutput && this.isWaiting) return
    this.isWaiting = watched.hasOutput
    this.written = watched.writtenBytes
    this.writtenSince = now
  }

  /** Whether a handler that has already responded read more of the body since the last tick. */
  private hasReadOn(watched: Watched): boolean {
    return watched.phase === 'unread' && watched.bodyConsumed !== this.consumed
  }

  /** Whether a source emitted, and the bytes were written, between two ticks that both saw it silent. */
  private hasWrittenOn(watched: Watched): boolean {
    return watched.phase === 'source' && watched.writtenBytes !== this.written
  }

  /** Whether the connection waits for the same request as at the last tick; a body belongs to its head's request. */
  private isSameRequest(watched: Watched): boolean {
    if (watched.phase === 'idle') return false
    if (watched.phase === 'head') return this.phase === 'head' && watched.requestCount === this.request
    return watched.requestCount === this.request + (this.phase === 'head' ? 1 : 0)
  }

  private phaseLimit(watched: Watched, now: number): Limit | null {
    const { limits } = this
    const elapsed = now - this.since
    switch (watched.phase) {
      case 'idle': return this.idleLimit(watched, elapsed)
      case 'head': return exceeds(elapsed, limits.headersTimeout) ? 'headersTimeout' : this.requestLimit()
      case 'body': return this.bodyLimit(now)
      case 'handler': return exceeds(elapsed, limits.handlerTimeout) ? 'handlerTimeout' : null
      case 'errorHandler': return exceeds(elapsed, limits.errorHandlerTimeout) ? 'errorHandlerTimeout' : null
      case 'source': return exceeds(elapsed, limits.sourceTimeout) ? 'sourceTimeout' : null
      case 'response': return null
      case 'unread':
      case 'drain':
      case 'linger': return exceeds(elapsed, limits.lingerTimeout) ? 'lingerTimeout' : null
    }
  }

  private idleLimit(watched: Watched, elapsed: number): Limit | null {
    if (watched.requestCount === 0) return exceeds(elapsed, this.limits.headersTimeout) ? 'headersTimeout' : null
    return exceeds(elapsed, this.limits.keepAliveTimeout) ? 'keepAliveTimeout' : null
  }

  private bodyLimit(now: number): Limit | null {
    return exceeds(now - this.receivedSince, this.limits.readTimeout) ? 'readTimeout' : this.requestLimit()
  }

  private requestLimit(): Limit | null {
    return exceeds(this.waited, this.limits.requestTimeout) ? 'requestTimeout' : null
  }

  private writeLimit(watched: Watched, elapsed: number): Limit | null {
    return watched.hasOutput && exceeds(elapsed, this.limits.writeTimeout) ? 'writeTimeout' : null
  }
}

function exceeds(elapsed: number, limit: number): boolean {
  return limit > 0 && elapsed >= limit
}
