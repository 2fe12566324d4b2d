/**
 * A chat room over WebSocket. A slow reader loses the oldest lines and cannot make the server buffer more.
 */
import { BehaviorSubject, finalize, map, merge, mergeMap, ReplaySubject } from 'rxjs'
import type { Handler } from 'httprx'
import { upgradeWebSocket, type WebSocketMessage } from 'httprx/ws'

interface Line {
  readonly name: string
  readonly text: string
}

const LONGEST_NAME = 24
const LONGEST_TEXT = 500
const LINES_KEPT = 50

/** Returns a handler that connects its clients to a new room. */
export function chatRoom(): Handler {
  const lines$ = new ReplaySubject<Line>(LINES_KEPT)
  const people$ = new BehaviorSubject(0)
  const news$ = merge(
    people$.pipe(map(people => JSON.stringify({ people }))),
    lines$.pipe(map(line => JSON.stringify(line))),
  )
  return reqd => {
    const connection = upgradeWebSocket(reqd, { maxPayload: 4_096 })
    if (connection.isClosed) return
    people$.next(people$.value + 1)
    connection.send(news$, { overflow: 'dropOldest' })
    connection.messages$.pipe(
      mergeMap(linesOf),
      finalize(() => { people$.next(people$.value - 1) }),
    ).subscribe(line => { lines$.next(line) })
  }
}

/** Returns the line in a message, as a list; empty if the message is invalid. */
function linesOf(message: WebSocketMessage): Line[] {
  try {
    const { name, text } = JSON.parse(String(message)) as Record<string, unknown>
    if (typeof name !== 'string' || typeof text !== 'string' || text.trim() === '') return []
    return [{ name: name.trim().slice(0, LONGEST_NAME) || 'somebody', text: text.trim().slice(0, LONGEST_TEXT) }]
  } catch {
    return []
  }
}
