/**
 * The public types of the runtime: the events of a connection and the certificate of its peer.
 */
export type { Limit } from './deadlines.js'
export type { ConnectionEvent, ConnectionEventDetail } from './events.js'
export type { CertificateName, PeerCertificate } from './peer-certificate.js'
