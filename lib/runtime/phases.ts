/**
 * What a connection is waiting for, and for whom: its time limits go by that.
 */
import type { ServerConnection } from '../connection/server-connection.js'
import type { Phase } from './deadlines.js'

/** What an open connection waits for; `hasInput` says whether bytes wait that it has not consumed. */
export function phaseOf(core: ServerConnection, hasInput: boolean): Phase {
  if (!core.isHandling) return phaseBetween(core, hasInput)
  if (core.isAnsweringError) return core.hasPendingOutput ? 'response' : 'errorHandler'
  return core.isReceivingBody ? phaseOfBody(core) : phaseOfResponse(core)
}

/** The handler works on its response, or the client takes it. */
function phaseOfResponse(core: ServerConnection): Phase {
  if (core.isResponseOwed) return 'handler'
  return core.isStreaming && !core.hasPendingOutput ? 'source' : 'response'
}

/** A body is received, or its handler does not read it. */
function phaseOfBody(core: ServerConnection): Phase {
  if (core.isResponseComplete) return phaseOfRest(core)
  return core.wantsInput ? 'body' : phaseOfResponse(core)
}

/** The response is complete, and its request is not: the client may not have sent the rest, or nobody reads it. */
function phaseOfRest(core: ServerConnection): Phase {
  if (core.hasPendingOutput) return 'response'
  return core.isDroppingBody ? 'drain' : 'unread'
}

/** A connection is idle when the client has the last response. */
function phaseBetween(core: ServerConnection, hasInput: boolean): Phase {
  if (hasInput || core.isWithinHead) return 'head'
  return core.hasPendingOutput ? 'response' : 'idle'
}
