/**
 * What the output half of a connection is doing.
 */

/**
 * What the output half is doing: `idle`, no response is owed; `waiting`, the handler owes one; `streaming`, a body is
 * being written; `complete`, the response is queued and the request is not yet consumed; `upgrade`, the connection is
 * handed over; `failing`, the error handler owes a response; `closed`, nothing more is queued.
 */
export type OutputState = 'idle' | 'waiting' | 'streaming' | 'complete' | 'upgrade' | 'failing' | 'closed'
