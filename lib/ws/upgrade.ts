/**
 * From a request to a WebSocket connection.
 */
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { NODE_PLATFORM } from '../node/platform.js'
import { queueMicrotask } from '../node/runtime.js'
import { SocketTransport } from '../node/socket-transport.js'
import type { Reqd } from '../reactive/streamed-reqd.js'
import { NO_EVENTS } from '../runtime/events.js'
import type { TurnTasks } from '../runtime/turn-tasks.js'
import { handshakeOf, isHandshake } from './handshake.js'
import { Session } from './session.js'
import { WebSocketConnection } from './web-socket-connection.js'
import { settingsOf, type WebSocketOptions } from './web-socket-options.js'

/** The request, as far as an upgrade needs it. */
export type UpgradableReqd =
  Pick<Reqd, 'request' | 'respond' | 'takeOver' | 'reportExn' | 'aborted$' | 'closing$'>

/** A stream that is no socket is written to at once: its owner may wait for that. */
const AT_ONCE: TurnTasks = { ...NODE_PLATFORM, defer: task => { task.run() } }

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
  const answer = handshakeOf(reqd.request, options, settings)
  const handshake = answer.type === 'accepted' ? answer : null
  const session = new Session(settings, {
    report: error => { reqd.reportExn(error) },
    happened: event => { (reqd as Partial<Reqd>).happened?.(event) },
  }, handshake)
  const connection = new WebSocketConnection(session, handshake?.protocol ?? '', settings.marks)
  if (answer.type === 'refused') {
    reqd.respond(answer.reply)
    session.terminate()
  } else if ('handOver' in reqd) {
    (reqd as Reqd).handOver(session)
  } else {
    takeSocketOver(reqd, session)
  }
  return connection
}

/** Takes the connection over by the public way, which gives a socket: the request is not one of this package. */
function takeSocketOver(reqd: UpgradableReqd, session: Session): void {
  const closing = reqd.closing$.subscribe(() => { session.closeRequested() })
  reqd.takeOver((socket, head) => {
    const transport = new SocketTransport(socket as Duplex)
    const tasks = socket instanceof Socket ? NODE_PLATFORM : AT_ONCE
    const closed = (): void => {
      closing.unsubscribe()
      session.transportClosed()
    }
    session.start({
      rest: { transport, give: input => { transport.handOver(input, { closed }) } },
      head,
      tasks,
      owner: {
        ...NO_EVENTS,
        clock: null,
        report: error => { reqd.reportExn(error) },
        happened: event => { (reqd as Partial<Reqd>).happened?.(event) },
      },
      request: null,
    })
  })
  reqd.aborted$.subscribe({
    next: () => { session.unsubscribe() },
    complete: () => { queueMicrotask(() => { session.requestDone() }) },
  })
}
