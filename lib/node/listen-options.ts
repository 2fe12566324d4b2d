/**
 * The options of a server that listens.
 */
import type { TlsOptions } from 'node:tls'
import type { ErrorHandler } from '../connection/error-handler.js'
import type { ConnectionOptions } from '../reactive/options.js'
import type { CloseOptions } from './close-options.js'

/** Where to listen and how; and how to close, where nothing else is said then. */
export interface ListenOptions extends ConnectionOptions, CloseOptions {
  /** The TCP port; 0 (the default) for a free one. */
  readonly port?: number
  /** The address or name to listen on: all addresses unless given. */
  readonly host?: string
  /** The path of a Unix socket, in place of a port. */
  readonly path?: string
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
