/**
 * What a request descriptor says about its request and about the connection that this came by.
 */
import { ReqdBase } from '../connection/reqd.js'
import type { Headers } from '../message/headers.js'
import type { Method } from '../message/method.js'
import type { Version } from '../message/version.js'
import type { PeerCertificate } from '../runtime/peer-certificate.js'
import type { Addresses } from '../runtime/transport.js'
import { urlOf } from './request-url.js'

/** What a request descriptor tells of its connection. */
export interface ConnectionFacts {
  /** The number of the connection in its server. */
  readonly id: number
  readonly remoteAddress: string
  readonly addresses: Addresses
  readonly isEncrypted: boolean
  readonly peerCertificate: PeerCertificate | null
}

/** The part of a request descriptor that only tells. */
export abstract class ReqdFacts extends ReqdBase {
  /** @internal */
  protected abstract readonly owner: ConnectionFacts

  /** The method of the request. */
  get method(): Method {
    return this.request.method
  }

  /** The target as it was received: mostly a path with a query. */
  get target(): string {
    return this.request.target
  }

  /** The fields of the request. */
  get headers(): Headers {
    return this.request.headers
  }

  /** The version of the request. */
  get version(): Version {
    return this.request.version
  }

  /** The address of the client, '' where the transport has none. */
  get remoteAddress(): string {
    return this.owner.remoteAddress
  }

  /**
   * The certificate that the client showed; null where it showed none, as servers without `requestCert` ask for none,
   * and where it is gone.
   */
  get peerCertificate(): PeerCertificate | null {
    return this.owner.peerCertificate
  }

  /** The port of the client, null where the transport has none. */
  get remotePort(): number | null {
    return this.owner.addresses.remotePort
  }

  /** The address that the client connected to; the path of a Unix socket is not known here: ''. */
  get localAddress(): string {
    return this.owner.addresses.localAddress
  }

  /** The port that the client connected to, null where the transport has none. */
  get localPort(): number | null {
    return this.owner.addresses.localPort
  }

  /** The number of the connection in its server, from 1: that of its events. */
  get connection(): number {
    return this.owner.id
  }

  /**
   * The target as a URL, with Host as its authority (RFC 9110 §7.1). A new one each time.
   *
   * A URL has no dot segments: `/a/../b`, `/a/%2e%2e/b` and `/a/.%2E/b` all have the path `/b`. A proxy in front may
   * see a path below `/a` in them, so a rule about paths belongs where the path is used, here. What is not a dot
   * segment stays: `%2f` and `%5c` are not decoded.
   *
   * @throws {@link RemoteProtocolError} badTarget: no URL, although RFC 9112 allows it; for example port 99999
   */
  get url(): URL {
    return urlOf(this.request, this.owner.isEncrypted ? 'https' : 'http')
  }
}
