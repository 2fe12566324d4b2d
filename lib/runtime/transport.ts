/**
 * The interface between the loops and a socket. TCP, TLS and Unix sockets, any Duplex and the sockets of marble
 * diagrams implement it.
 *
 * Strategy: input is pushed through one Observable that can be paused; output is one write at a time, which either
 * succeeds at once or calls its observer later. The interface knows neither HTTP nor Node.
 */
import type { Observable, Observer } from 'rxjs'
import type { IOVec } from '../buffer/iovec.js'
import type { Ownership } from '../buffer/ownership.js'
import type { PeerCertificate } from './peer-certificate.js'

/**
 * The result of one read: the first `length` bytes of `bytes`. What follows them is nobody's. A view of just these
 * would take a hello 450 instructions.
 */
export interface Received {
  readonly bytes: Uint8Array
  readonly length: number
  /** `lent` bytes are valid only until the call that passes them returns; `owned` bytes belong to the receiver. */
  readonly ownership: Ownership
}

/** The data of one write, at least one byte. A string is latin-1. */
export type Output = string | readonly IOVec[]

/** Receives the completion of a write. */
export interface WriteObserver {
  /** The write succeeded (null) or failed. */
  written(error: Error | null): void
}

/** The ports and the local address of a connection; null or '' for sockets without them. */
export interface Addresses {
  readonly remotePort: number | null
  readonly localAddress: string
  readonly localPort: number | null
}

/** Observes the traffic of a socket that was handed over. The bytes are lent for the call. */
export interface SocketWatcher {
  bytesIn(bytes: Uint8Array): void
  /** The peer half-closed. */
  inputEnded(): void
  /** The socket did not take a whole write of `count` bytes at once. */
  writeWaits(count: number): void
  /** The socket took a whole write. */
  bytesOut(bytes: Uint8Array): void
}

/** The owner of a transport that was handed over. */
export interface TransportOwner {
  /** The socket is closed. */
  closed(): void
}

/** The output half of a transport. */
export type OutputTransport = Pick<Transport, 'answersAtOnce' | 'unwrittenBytes' | 'write'>

/** The byte streams of one connection, in both directions. */
export interface Transport {
  /** The other addresses, while the socket is open. A getter, because few applications ask. */
  readonly addresses: Addresses
  /** The peer's address in the socket's own notation; '' if there is none. */
  readonly remoteAddress: string
  /** Whether the connection is encrypted (TLS), so that URLs start with `https:`. */
  readonly isEncrypted: boolean
  /** The certificate that the peer presented; null if it presented none, or is gone. */
  readonly peerCertificate: PeerCertificate | null
  /**
   * The input, for one subscriber. Completes when the peer half-closes, errors when the transport breaks.
   */
  readonly bytes$: Observable<Received>
  /** Whether {@link write} tells at once what the peer takes, so that a write that waits reveals a slow peer. */
  readonly answersAtOnce: boolean
  /** Bytes of the writes in flight that were not taken yet; 0 if the transport does not know. */
  readonly unwrittenBytes: number
  /** Hints at the ownership preferred for further input. Only {@link Received.ownership} is binding. */
  prefer(ownership: Ownership): void
  /** Stops emitting as soon as possible, which applies backpressure to the peer. */
  pause(): void
  /** Resumes emitting. */
  resume(): void
  /**
   * Writes bytes, or a latin-1 text at one byte a character. Returns true if all were taken at once; otherwise the
   * observer is called once they are, or with an error. After {@link bytes$} has ended, that error is the only sign of
   * a broken transport. The caller must not change the bytes until then.
   */
  write(output: Output, observer: WriteObserver): boolean
  /** Half-closes: ends the output while input continues. */
  end(): void
  /** Closes both directions now. With `isReset` the peer sees a reset instead of a regular end. */
  destroy(isReset: boolean): void
  /**
   * Gives the input to another protocol, in place of the subscriber of {@link bytes$}. The owner is told once, when the
   * socket is closed.
   */
  handOver(input: Observer<Received>, owner: TransportOwner): void
  /**
   * Hands the socket over to another protocol and returns it. Only {@link destroy} may be called afterwards; `onClose`
   * is called once, when the socket is closed. The watcher observes the traffic until then.
   */
  release(onClose: () => void, watcher: SocketWatcher | null): unknown
}
