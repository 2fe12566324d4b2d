/**
 * The fate of a connection whose peers are idle: the client takes the output and sends nothing, the application does
 * nothing, and the time limits of `httprx` expire one after the other.
 */
import type { ServerConnection } from '../../lib/connection/server-connection.js'
import { HandlerTimeoutError, RemoteProtocolError } from '../../lib/errors.js'
import type { Phase } from '../../lib/runtime/deadlines.js'
import { phaseOf } from '../../lib/runtime/phases.js'

/** More limits than one connection can meet. */
const MOST = 10

/** Lets the limits expire. Returns the phases of the connection until it was closed or handed over. */
export function runOut(connection: ServerConnection): Phase[] {
  const phases: Phase[] = []
  while (phases.length < MOST) {
    writeAll(connection)
    if (connection.isClosed || connection.nextWriteOperation().type === 'upgrade') return phases
    const phase = phaseOf(connection, false)
    phases.push(phase)
    enforce(connection, phase)
  }
  throw new Error(`it does not end: ${phases.join(', ')}`)
}

/** The driver's action when the limit of a phase is reached; a response that stalls is its source's fault. */
function enforce(connection: ServerConnection, phase: Phase): void {
  switch (phase) {
    case 'idle': connection.drain(); break
    case 'head':
    case 'body': connection.reportExn(new RemoteProtocolError('requestTimeout')); break
    case 'handler':
    case 'errorHandler': connection.reportExn(new HandlerTimeoutError()); break
    case 'unread': connection.dropBody(); break
    case 'drain': connection.shutdown(); break
    default: blameSource(connection)
  }
}

/** The only wait without a limit of its own is that for the handler that streams a response. */
function blameSource(connection: ServerConnection): void {
  const { isResponseComplete, isResponseOwed } = connection
  if (isResponseComplete || isResponseOwed) throw new Error('neither an end nor a limit')
  connection.reportExn(new Error('the source does not go on'))
}

function writeAll(connection: ServerConnection): void {
  for (;;) {
    const operation = connection.nextWriteOperation()
    if (operation.type !== 'write') return
    connection.reportWriteResult({ type: 'ok', count: operation.iovecs.reduce((sum, { len }) => sum + len, 0) })
  }
}
