/**
 * The certificate that a client of TLS showed.
 */

/** The name of an owner or an issuer by its parts: `CN`, `O`, …; a part that is there more than once is an array. */
export type CertificateName = Readonly<Record<string, string | string[] | undefined>>

/** A certificate, with the names that `node:tls` gives to its parts. */
export interface PeerCertificate {
  readonly subject: CertificateName
  readonly issuer: CertificateName
  /** The other names of the owner: `DNS:a.example, IP Address:192.0.2.1`. */
  readonly subjectaltname?: string
  readonly serialNumber: string
  /** The SHA-256 of {@link raw}, as `AB:CD:…`. */
  readonly fingerprint256: string
  readonly valid_from: string
  readonly valid_to: string
  /** The certificate itself, in DER. */
  readonly raw: Uint8Array
  /** Whether an authority that the server trusts signed it (`ca`). Always so unless `rejectUnauthorized` is false. */
  readonly isAuthorized: boolean
  /** Why it is not authorized: a code of OpenSSL; '' where it is. */
  readonly authorizationError: string
}
