/**
 * The options of a server that listens.
 */
import type { TlsOptions } from 'node:tls'
import type { ErrorHandler } from '../connection/error-handler.js'
import {
  BOOLEAN, checkOptions, COUNT, LONGEST_TIME, OBJECT, SIGNAL, TEXT, TIME,
} from '../connection/option-check.js'
import { CONNECTION_KINDS, type ConnectionOptions } from '../reactive/connection-options.js'
import { CLOSE_KINDS, type CloseOptions } from '../reactive/close-options.js'

/** Where to listen and how; and how to close, where nothing else is said then. */
export interface ListenOptions extends ConnectionOptions, CloseOptions {
  /** The TCP port; 0 (the default) for a free one. */
  readonly port?: number
  /** The address or name to listen on: all addresses unless given. */
  readonly host?: string
  /** The path of a Unix socket, in place of a port. */
  readonly path?: string
  /** Whether all users of the machine may read the socket file of {@link path}: no. */
  readonly readableAll?: boolean
  /** Whether all users of the machine may write to it: no. To connect takes both on some systems. */
  readonly writableAll?: boolean
  /** A file descriptor that listens already, in place of a port: what a process manager hands over. Not on Windows. */
  readonly fd?: number
  /**
   * Whether several processes may listen on one port, each with a queue of its own: no. Node has it from 22.12 and 23.1
   * on, where the operating system does; elsewhere it is an error.
   */
  readonly reusePort?: boolean
  /** How many connections may wait to be accepted: 511. */
  readonly backlog?: number
  /** Whether an IPv6 address takes no IPv4 connections. */
  readonly ipv6Only?: boolean
  /** TLS, with the options of `node:tls`: at least a key and a certificate. */
  readonly tls?: TlsOptions
  /** How long a TLS handshake may take: 10 s. Then the socket is closed; {@link Server.events$} tells. */
  readonly handshakeTimeout?: number
  /**
   * How many connections there may be at once: no limit. Further ones are refused. Sockets within a TLS handshake
   * count, but the oldest of them makes room for a new one.
   */
  readonly maxConnections?: number
  /** Closes the server when it aborts, within `graceMs` and `idleMs`. */
  readonly signal?: AbortSignal
  readonly errorHandler?: ErrorHandler
}

/** The default of {@link ListenOptions.handshakeTimeout}. */
export const HANDSHAKE_TIMEOUT_MS = 10_000

/** What the options take. */
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
  tls: OBJECT,
  signal: SIGNAL,
}

/** What other servers call otherwise; without a word, one that was to have TLS would speak in the clear. */
const ELSEWHERE = {
  key: 'tls: { key }', cert: 'tls: { cert }', pfx: 'tls: { pfx }', ca: 'tls: { ca }', hostname: 'host',
}

/**
 * Checks the options of a server.
 *
 * @throws {@link LocalProtocolError} badRange, badOption: a value that no option takes; a name that is nearly one
 */
export function checkListenOptions(options: ListenOptions): void {
  checkOptions(options, LISTEN_KINDS, ELSEWHERE)
}
