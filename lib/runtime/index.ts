/**
 * The runtime, as `httprx` shows it: what is told of a connection and of its peer.
 */
export type { Limit } from './deadlines.js'
export type { ConnectionEvent, ConnectionEventDetail } from './events.js'
export type { CertificateName, PeerCertificate } from './peer-certificate.js'
