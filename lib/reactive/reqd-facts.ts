/**
 * The read-only properties of a request descriptor: those of its request and of its connection.
 *
 * Strategy: nothing is copied into the descriptor. Each property is a getter that asks the request or the connection,
 * so a request whose handler does not read them costs nothing.
 */
import type { BodyReader } from '../connection/body-reader.js'
import { ReqdBase } from '../connection/reqd.js'
import type { Headers } from '../message/headers.js'
import type { Method } from '../message/method.js'
import type { Version } from '../message/version.js'
import type { PeerCertificate } from '../runtime/peer-certificate.js'
import type { Addresses } from '../runtime/transport.js'
import { urlOf } from './request-url.js'

/** The properties of a connection that its request descriptors show. */
export interface ConnectionFacts {
  /** The number of the connection in its server. */
  readonly id: number
  readonly remoteAddress: string
  readonly addresses: Addresses
  readonly isEncrypted: boolean
  readonly peerCertificate: PeerCertificate | null
  /**
   * Whether the events of the transport begin in the context of the server, and stay in it; null: not known yet.
   * @internal
   */
  isAtHome: boolean | null
}

/** The read-only part of a request descriptor. */
export abstract class ReqdFacts extends ReqdBase {
  /** @internal */
  protected abstract readonly owner: ConnectionFacts

  /** As in the core. Its callbacks run within events of the transport, and what they enter there (stores) stays. */
  override get requestBody(): BodyReader {
    this.owner.isAtHome = false
    return this.bodyReader
  }

  /** @internal The body, for this package. */
  protected get bodyReader(): BodyReader {
    return super.requestBody
  }

  /** The request method. */
  get method(): Method {
    return this.request.method
  }

  /** The request target as received: usually a path with a query. */
  get target(): string {
    return this.request.target
  }

  /** The request's header fields. */
  get headers(): Headers {
    return this.request.headers
  }

  /** The request's HTTP version. */
  get version(): Version {
    return this.request.version
  }

  /** The client's address; '' if the transport has none. */
  get remoteAddress(): string {
    return this.owner.remoteAddress
  }

  /**
   * The certificate that the client presented; null if it presented none (servers without `requestCert` do not ask) or
   * is gone.
   */
  get peerCertificate(): PeerCertificate | null {
    return this.owner.peerCertificate
  }

  /** The client's port; null if the transport has none. */
  get remotePort(): number | null {
    return this.owner.addresses.remotePort
  }

  /** The address that the client connected to; '' for Unix sockets, whose path is not known here. */
  get localAddress(): string {
    return this.owner.addresses.localAddress
  }

  /** The port that the client connected to; null if the transport has none. */
  get localPort(): number | null {
    return this.owner.addresses.localPort
  }

  /** The number of the connection in its server, from 1, as in its events. */
  get connection(): number {
    return this.owner.id
  }

  /**
   * The target as a URL, with Host as its authority (RFC 9110 §7.1). Each access makes a new one.
   *
   * A URL resolves dot segments: `/a/../b`, `/a/%2e%2e/b` and `/a/.%2E/b` all have the path `/b`. A proxy in front may
   * take them for paths below `/a`, so enforce rules about paths here, where the path is used. Nothing else is decoded:
   * `%2f` and `%5c` stay.
   *
   * @throws {@link RemoteProtocolError} badTarget: allowed by RFC 9112 but not a URL; for example port 99999
   */
  get url(): URL {
    return urlOf(this.request, this.owner.isEncrypted ? 'https' : 'http')
  }
}
