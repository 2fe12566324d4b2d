/**
 * Derives what a connection is waiting for, which selects the time limit that applies.
 *
 * Strategy: nothing is stored. The phase is computed from the state machine's getters when a tick asks for it.
 */
import type { ServerConnection } from '../connection/server-connection.js'
import type { Phase } from './deadlines.js'

/** Returns what an open connection waits for. `hasInput`: there are received bytes that it has not consumed. */
export function phaseOf(core: ServerConnection, hasInput: boolean): Phase {
  if (!core.isHandling) return phaseBetween(core, hasInput)
  if (core.isAnsweringError) return core.hasPendingOutput ? 'response' : 'errorHandler'
  return core.isReceivingBody ? phaseOfBody(core) : phaseOfResponse(core)
}

/** The handler has yet to respond, its source has yet to emit, or the client has yet to take the output. */
function phaseOfResponse(core: ServerConnection): Phase {
  if (core.isResponseOwed) return 'handler'
  return core.isStreaming && !core.hasPendingOutput ? 'source' : 'response'
}

/** The body is incomplete: the client has yet to send it, or the handler has yet to read it. */
function phaseOfBody(core: ServerConnection): Phase {
  if (core.isResponseComplete) return phaseOfRest(core)
  return core.wantsInput ? 'body' : phaseOfResponse(core)
}

/** The response is complete, the request body is not: the rest was not sent, or nobody reads it. */
function phaseOfRest(core: ServerConnection): Phase {
  if (core.hasPendingOutput) return 'response'
  return core.isDroppingBody ? 'drain' : 'unread'
}

/** Between requests; a connection is idle only when the last response has been written. */
function phaseBetween(core: ServerConnection, hasInput: boolean): Phase {
  if (hasInput || core.isWithinHead) return 'head'
  return core.hasPendingOutput ? 'response' : 'idle'
}
