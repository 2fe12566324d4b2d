/**
 * `listen`: a server as an Observable of connections.
 */
import { throwError, type Observable } from 'rxjs'
import type { Connection } from '../reactive/connection.js'
import { Pipeline } from '../reactive/pipeline.js'
import { onAbort } from './abort-listeners.js'
import { closingOf } from './close-options.js'
import { ListenError } from './listen-error.js'
import type { ListenOptions } from './listen-options.js'
import { Listener } from './listener.js'

/**
 * Listens while it is subscribed: emits each connection, errors with a {@link ListenError} if it can't listen, and
 * completes when `options.signal` aborted and all connections are over. To unsubscribe is to accept no more and to
 * close each connection once it has answered what it is at, within `options.graceMs` and `options.idleMs`.
 */
export function listen(options: ListenOptions = {}): Observable<Connection> {
  let listener: Listener | null = null
  return new Pipeline<Connection>(subscriber => {
    const started = new Listener(null, options, {
      listening: () => undefined,
      accepted: connection => { subscriber.next(connection) },
      failed: error => { subscriber.error(error) },
      closed: () => { subscriber.complete() },
    })
    const close = (): void => { started.close(closingOf({}, options)) }
    listener = started
    started.start()
    if (options.signal?.aborted === true) close()
    const stopWaiting = options.signal === undefined ? null : onAbort(options.signal, close)
    return () => {
      stopWaiting?.()
      close()
    }
  }, (error, _kind, value) => {
    // That it cannot listen is for RxJS to report, which ends the process; a client can't bring that about.
    if (error instanceof ListenError) throwError(() => error).subscribe()
    else listener?.consumerFailed(error, value)
  }, error => { listener?.pipelineFailed(error) })
}
