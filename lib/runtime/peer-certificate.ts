/**
 * The certificate that a TLS client presented.
 */

/** The name of a subject or an issuer by its parts: `CN`, `O`, …; a repeated part is an array. */
export type CertificateName = Readonly<Record<string, string | string[] | undefined>>

/** A certificate; the fields are named as in `node:tls`. */
export interface PeerCertificate {
  readonly subject: CertificateName
  readonly issuer: CertificateName
  /** The subject's alternative names: `DNS:a.example, IP Address:192.0.2.1`. */
  readonly subjectaltname?: string
  readonly serialNumber: string
  /** The SHA-256 of {@link raw}, as `AB:CD:…`. */
  readonly fingerprint256: string
  readonly valid_from: string
  readonly valid_to: string
  /** The DER encoding of the certificate. */
  readonly raw: Uint8Array
  /** Whether an authority in the server's `ca` signed it. Always true unless `rejectUnauthorized` is false. */
  readonly isAuthorized: boolean
  /** Why it is not authorized, as an OpenSSL code; '' if it is. */
  readonly authorizationError: string
}
