/**
 * From a request to a WebSocket connection.
 */
import type { Duplex } from 'node:stream'
import { queueMicrotask } from '../node/runtime.js'
import type { Reqd } from '../reactive/streamed-reqd.js'
import { handshakeOf, isHandshake } from './handshake.js'
import { Session } from './session.js'
import { WebSocketConnection } from './web-socket-connection.js'
import { settingsOf, type WebSocketOptions } from './web-socket-options.js'

/** The request, as far as an upgrade needs it. */
export type UpgradableReqd =
  Pick<Reqd, 'request' | 'respond' | 'takeOver' | 'reportExn' | 'aborted$' | 'closing$'>

/** Whether the request asks for a WebSocket connection. `upgradeWebSocket` may still refuse it. */
export function isWebSocketRequest(reqd: Pick<Reqd, 'request'>): boolean {
  return isHandshake(reqd.request)
}

/**
 * Upgrades the request to a WebSocket connection, which can be used at once. It responds, so the handler returns
 * nothing: 101 if the handshake is accepted; else 400, 403 or 426, and the connection is closed from the start.
 *
 * When the server is closed, the connection is closed with 1001.
 *
 * @example
 * const handler: Handler = reqd => {
 *   const connection = upgradeWebSocket(reqd)
 *   connection.messages$.subscribe(connection)
 * }
 * @throws {@link LocalProtocolError} alreadyResponded; badRange: the water marks
 * @see RFC 6455 §4.2
 */
export function upgradeWebSocket(reqd: UpgradableReqd, options: WebSocketOptions = {}): WebSocketConnection {
  const settings = settingsOf(options)
  const { highWaterMark } = settings
  const session = new Session(settings, {
    report: error => { reqd.reportExn(error) },
    happened: event => { (reqd as Partial<Reqd>).happened?.(event) },
  })
  const answer = handshakeOf(reqd.request, options)
  const protocol = answer.type === 'accepted' ? answer.protocol : ''
  const connection = new WebSocketConnection(session, protocol, { ...options, highWaterMark })
  if (answer.type === 'refused') {
    reqd.respond(answer.reply)
    session.terminate()
    return connection
  }
  reqd.takeOver((transport, head) => { session.start(transport as Duplex, head, answer) })
  reqd.aborted$.subscribe({
    // The client left before the handshake was answered.
    next: () => { session.terminate() },
    // Not at once: the connection is at work on it.
    complete: () => { queueMicrotask(() => { session.requestDone() }) },
  })
  session.hold(reqd.closing$.subscribe(() => { connection.close(1001) }))
  return connection
}
