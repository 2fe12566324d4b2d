/**
 * `listen`: a server as an Observable of connections.
 */
import type { Observable } from 'rxjs'
import type { Connection } from '../reactive/http-connection.js'
import { Pipeline } from '../reactive/pipeline.js'
import type { ListenOptions } from './listen-options.js'
import { ListenRun } from './listen-run.js'

/**
 * Listens while subscribed: emits each connection, errors with a {@link ListenError} if it cannot listen, and completes
 * when `options.signal` has aborted and all connections are over. Unsubscribing stops accepting and closes each
 * connection after the response in flight, within `options.graceMs` and `options.idleMs`.
 *
 * If a downstream operator fails, pending requests are answered with the error (500). `retry`, at once or later,
 * continues with the same socket and connections; arrivals in between wait for it, up to `options.graceMs`.
 */
export function listen(options: ListenOptions = {}): Observable<Connection> {
  let run: ListenRun | null = null
  return new Pipeline<Connection>(subscriber => {
    if (run?.isHeld !== true) run = new ListenRun(options)
    return run.serve(subscriber)
  }, {
    consumerFailed: (...failure) => { run?.consumerFailed(...failure) },
    pipelineFailed: error => { run?.pipelineFailed(error) },
    consumerLeft: () => { run?.consumerLeft() },
  })
}
