/**
 * What the reactive layer knows of a socket: its methods, not its class. TCP, TLS and Unix sockets, any Duplex, and the
 * sockets of a marble diagram have the same few.
 */
import type { Observable } from 'rxjs'
import type { IOVec } from '../buffer/iovec.js'
import type { Ownership } from '../buffer/ownership.js'
import type { PeerCertificate } from './peer-certificate.js'

/** What one read of a transport brought. */
export interface Received {
  readonly bytes: Uint8Array
  /** `lent` bytes change when the call that passes them returns. */
  readonly ownership: Ownership
}

/** What is written at once: at least one byte. */
export type Output = string | readonly IOVec[]

/** Who writes. */
export interface WriteObserver {
  /** A write is over, with what failed, or null. */
  written(error: Error | null): void
}

/** The ends of a connection, where its kind of socket has such things. */
export interface Addresses {
  readonly remotePort: number | null
  /** '' where there is none. */
  readonly localAddress: string
  readonly localPort: number | null
}

/** Sees what comes and goes on a socket that was handed over. The bytes are only lent. */
export interface SocketWatcher {
  bytesIn(bytes: Uint8Array): void
  /** The peer ended its side. */
  inputEnded(): void
  /** Not all of a write was taken at once. */
  writeWaits(count: number): void
  /** A write was taken. */
  bytesOut(bytes: Uint8Array): void
}

/** The way out of a transport. */
export type OutputTransport = Pick<Transport, 'answersAtOnce' | 'unwrittenBytes' | 'write'>

/** One connection's bytes, in both directions. */
export interface Transport {
  /** The rest of the addresses, as long as the socket is open; mostly nobody asks. */
  readonly addresses: Addresses
  /** The address of the peer, as its kind of socket writes it; '' where there is none. */
  readonly remoteAddress: string
  /** Whether the bytes are encrypted on the way, so that URLs start with `https:`. */
  readonly isEncrypted: boolean
  /** The certificate that the peer showed; null where it showed none, or is gone. */
  readonly peerCertificate: PeerCertificate | null
  /**
   * The bytes that come in, for one subscriber: completes at the end of the input, errors when the transport breaks.
   */
  readonly bytes$: Observable<Received>
  /** Whether {@link write} says at once what the peer takes, so that a write which has to wait shows a slow peer. */
  readonly answersAtOnce: boolean
  /** How many bytes of the writes under way were not taken yet; 0 where the transport does not know. */
  readonly unwrittenBytes: number
  /** Says how coming bytes are wanted. That is a hint: what counts is the ownership that they come with. */
  prefer(ownership: Ownership): void
  /** Stops emitting, as soon as it can; the peer is pushed back on. */
  pause(): void
  /** Goes on emitting. */
  resume(): void
  /**
   * Writes the bytes, or the characters of a latin-1 text as a byte each. Returns true if all were taken at once; else
   * the observer is told once they are, or with the error if they never will be: after the end of {@link bytes$}
   * nothing else says that the transport broke. The bytes stay as they are until then.
   */
  write(output: Output, observer: WriteObserver): boolean
  /** Ends the output; input goes on. */
  end(): void
  /** Ends both directions now. With `isReset`, so that the peer sees a failure and not an end. */
  destroy(isReset: boolean): void
  /**
   * Gives the socket up to another protocol and returns it. Only {@link destroy} may be called afterwards; `onClose` is
   * called once when the socket is closed. A watcher sees what comes and goes until then.
   */
  release(onClose: () => void, watcher: SocketWatcher | null): unknown
}
