/**
 * `listen`: a server as an Observable of connections.
 */
import type { Observable } from 'rxjs'
import type { Connection } from '../reactive/http-connection.js'
import { Pipeline } from '../reactive/pipeline.js'
import type { ListenOptions } from './listen-options.js'
import { ListenRun } from './listen-run.js'

/**
 * Listens while it is subscribed: emits each connection, errors with a {@link ListenError} if it can't listen, and
 * completes when `options.signal` aborted and all connections are over. To unsubscribe is to accept no more and to
 * close each connection once it has answered what it is at, within `options.graceMs` and `options.idleMs`.
 *
 * Where an operator behind it fails, the requests that wait are answered with the error (500); `retry`, at once or
 * later, goes on with the same socket and connections, and what came in between waits for it, up to `options.graceMs`.
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
