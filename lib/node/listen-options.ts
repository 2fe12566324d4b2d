/**
 * The options of a server that listens.
 */
import type { TlsOptions } from 'node:tls'
import type { ErrorHandler } from '../connection/error-handler.js'
import {
  BOOLEAN, checkOptions, COUNT, LONGEST_TIME, SIGNAL, TEXT, TIME, type Shape,
} from '../connection/option-check.js'
import { CONNECTION_KINDS, type ConnectionOptions } from '../reactive/connection-options.js'
import { CLOSE_KINDS, type CloseOptions } from '../reactive/close-options.js'

/** Where and how to listen, and the defaults of {@link CloseOptions} for closing. */
export interface ListenOptions extends ConnectionOptions, CloseOptions {
  /** The TCP port; 0 (the default) for a free one. */
  readonly port?: number
  /** The address or host name to listen on. Default: all addresses. */
  readonly host?: string
  /** The path of a Unix socket, in place of a port. */
  readonly path?: string
  /** Whether all users of the machine may read the socket file of {@link path}: no. */
  readonly readableAll?: boolean
  /** Whether all users of the machine may write to the socket file: no. Some systems require both to connect. */
  readonly writableAll?: boolean
  /** A listening file descriptor, in place of a port, as process managers pass it. Not on Windows. */
  readonly fd?: number
  /**
   * Whether several processes may listen on one port, each with a backlog of its own: no. Needs Node 22.12 or 23.1 and
   * support by the operating system; otherwise listening fails.
   */
  readonly reusePort?: boolean
  /** The size of the backlog: how many connections may wait to be accepted. Default: 511. */
  readonly backlog?: number
  /** Whether an IPv6 address refuses IPv4 connections: no. */
  readonly ipv6Only?: boolean
  /** Enables TLS; the options are those of `node:tls`, at least a key and a certificate. */
  readonly tls?: TlsOptions
  /**
   * How long a TLS handshake may take: 10 s. Then the socket is closed and {@link Server.events$} emits the failure.
   */
  readonly handshakeTimeout?: number
  /**
   * How many connections may be open at once: no limit. Further ones are refused. Sockets in a TLS handshake count, but
   * the oldest of them makes room for a new one.
   */
  readonly maxConnections?: number
  /** Closes the server when it aborts, with `graceMs` and `idleMs`. */
  readonly signal?: AbortSignal
  readonly errorHandler?: ErrorHandler
}

/** The default of {@link ListenOptions.handshakeTimeout}. */
export const HANDSHAKE_TIMEOUT_MS = 10_000

const TLS: Shape = {
  what: 'options of node:tls with a key and a cert, a pfx, an SNICallback or a pskCallback',
  isFit: value => typeof value === 'object' && value !== null && hasIdentity(value),
}

/** Without one of these, a server would start, and each handshake would fail. */
function hasIdentity({ cert, key, privateKeyIdentifier, pfx, SNICallback, pskCallback }: TlsOptions): boolean {
  const hasPair = Boolean(cert) && Boolean(key ?? privateKeyIdentifier)
  return hasPair || [pfx, SNICallback, pskCallback].some(Boolean)
}

/** The valid values of the options. */
const LISTEN_KINDS = {
  ...CONNECTION_KINDS,
  ...CLOSE_KINDS,
  port: { least: 0, most: 65_535, isOpen: false },
  fd: { least: 0, most: LONGEST_TIME, isOpen: false },
  backlog: { least: 0, most: LONGEST_TIME, isOpen: false },
  handshakeTimeout: TIME,
  maxConnections: COUNT,
  host: TEXT, path: TEXT,
  readableAll: BOOLEAN, writableAll: BOOLEAN, reusePort: BOOLEAN, ipv6Only: BOOLEAN,
  tls: TLS,
  signal: SIGNAL,
}

/** Names that other servers use, with ours. Ignored silently, a misplaced `key` would mean a server without TLS. */
const ELSEWHERE = {
  key: 'tls: { key }', cert: 'tls: { cert }', pfx: 'tls: { pfx }', ca: 'tls: { ca }', hostname: 'host',
}

/**
 * Checks the options of a server.
 *
 * @throws {@link LocalProtocolError} badRange, badOption: an invalid value, or a misspelt option name
 */
export function checkListenOptions(options: ListenOptions): void {
  checkOptions(options, LISTEN_KINDS, ELSEWHERE)
}
