/**
 * Watches a stream that somebody else reads and writes.
 *
 * Strategy: a `data` listener would start the stream, and writes emit no event. So the internal methods of this one
 * stream are wrapped: `push`, through which input passes, and `_write` and `_writev`, through which output does. The
 * stream's behaviour stays the same.
 */
import type { Duplex } from 'node:stream'
import type { SocketWatcher } from '../runtime/transport.js'

type Done = (error?: Error | null) => void

/** One piece of a stream's write. */
interface Piece {
  readonly chunk: Uint8Array | string
  readonly encoding: BufferEncoding
}

/** Notifies the watcher of the stream's traffic from now on. */
export function watchSocket(socket: Duplex, watcher: SocketWatcher): void {
  watchInput(socket, watcher)
  const write = socket._write.bind(socket)
  const writev = socket._writev?.bind(socket)
  const watchedOne: Duplex['_write'] = (chunk: Uint8Array | string, encoding, done) => {
    const watched = watchedWrite(watcher, [{ chunk, encoding }], done)
    watched.begun(() => { write(chunk, encoding, watched.done) })
  }
  socket._write = watchedOne
  if (writev === undefined) return
  const watchedMany: Duplex['_writev'] = (pieces, done) => {
    const watched = watchedWrite(watcher, pieces, done)
    watched.begun(() => { writev(pieces, watched.done) })
  }
  socket._writev = watchedMany
}

function watchInput(socket: Duplex, watcher: SocketWatcher): void {
  const push = socket.push.bind(socket)
  const watchedPush = (chunk: Uint8Array | string | null, encoding?: BufferEncoding): boolean => {
    if (chunk === null) watcher.inputEnded()
    else if (chunk.length > 0) watcher.bytesIn(bytesOf(chunk, encoding))
    return push(chunk, encoding)
  }
  socket.push = watchedPush
}

/** Returns a write that notifies the watcher if it has to wait, and when it is complete. */
function watchedWrite(
  watcher: SocketWatcher, pieces: readonly Piece[], done: Done,
): { begun: (write: () => void) => void; done: Done } {
  const bytes = Buffer.concat(pieces.map(({ chunk, encoding }) => bytesOf(chunk, encoding)))
  let isOver = false
  return {
    begun: write => {
      write()
      if (!isOver) watcher.writeWaits(bytes.length)
    },
    done: error => {
      isOver = true
      if (error === null || error === undefined) watcher.bytesOut(bytes)
      done(error)
    },
  }
}

function bytesOf(chunk: Uint8Array | string, encoding?: BufferEncoding): Uint8Array {
  return typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk
}
