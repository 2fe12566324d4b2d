/**
 * `httprx/ws`: WebSocket connections as Observables.
 */
export { WebSocketConnection } from './web-socket-connection.js'
export { sameHost } from './handshake.js'
export type { WebSocketClosure, WebSocketMessage } from './message.js'
export type { ProjectMessage } from './message-flow.js'
export type { DeflateOptions, WebSocketOptions } from './web-socket-options.js'
export type { MessageSource, SendOptions } from './message-source.js'
export { isWebSocketRequest, upgradeWebSocket, type UpgradableReqd } from './upgrade.js'
