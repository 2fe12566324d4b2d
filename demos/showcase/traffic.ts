/**
 * The traffic of the server, in all and by connection, summed from its events.
 */
import type { Observable } from 'rxjs'
import type { ConnectionEvent, Reqd, Request } from 'httprx'

/** The bytes of one connection. */
export interface ConnectionTraffic {
  /** Bytes received since its last response ended. */
  received: number
  /** Bytes sent since it was opened. */
  sent: number
  /** Whether the socket is paused because earlier input is still being processed. */
  isPaused: boolean
}

/** The traffic of a server, in all and by connection. */
export class Traffic {
  received = 0
  sent = 0
  requests = 0
  pauses = 0
  private readonly byConnection = new Map<number, ConnectionTraffic>()
  private readonly byRequest = new WeakMap<Request, ConnectionTraffic>()

  get connections(): number {
    return this.byConnection.size
  }

  /** The traffic of the connection of the request. */
  of(reqd: Reqd): ConnectionTraffic {
    return this.byRequest.get(reqd.request) ?? { received: 0, sent: 0, isPaused: false }
  }

  /** Counts the bytes, requests and pauses of these events. */
  watch(events$: Observable<ConnectionEvent>): void {
    events$.subscribe(event => { this.count(event, this.connection(event.connection)) })
  }

  private connection(id: number): ConnectionTraffic {
    const known = this.byConnection.get(id)
    if (known !== undefined) return known
    const traffic = { received: 0, sent: 0, isPaused: false }
    this.byConnection.set(id, traffic)
    return traffic
  }

  private count(event: ConnectionEvent, connection: ConnectionTraffic): void {
    switch (event.type) {
      case 'bytesIn':
        this.received += event.count
        connection.received += event.count
        break
      case 'bytesOut':
        this.sent += event.count
        connection.sent += event.count
        break
      case 'request':
        this.requests++
        this.byRequest.set(event.request, connection)
        break
      case 'response':
        connection.received = 0
        break
      case 'pause':
        this.pauses++
        connection.isPaused = true
        break
      case 'resume':
        connection.isPaused = false
        break
      case 'close':
        this.byConnection.delete(event.connection)
    }
  }
}
