/**
 * Watching a stream that somebody else reads and writes.
 *
 * Strategy: a listener would start the stream, and a write can't be listened to at all. So the two methods that every
 * stream has underneath are wrapped at this one: `push`, by which input comes, and `_write` (`_writev`), by which
 * output goes. What the stream does is the same; one that nobody watches is not touched.
 */
import type { Duplex } from 'node:stream'
import type { SocketWatcher } from '../runtime/transport.js'

type Done = (error?: Error | null) => void

/** What is written, as streams have it. */
interface Piece {
  readonly chunk: Uint8Array | string
  readonly encoding: BufferEncoding
}

/** Lets the watcher see what comes and goes from now on. */
export function watchSocket(socket: Duplex, watcher: SocketWatcher): void {
  watchInput(socket, watcher)
  const write = socket._write.bind(socket)
  const writev = socket._writev?.bind(socket)
  socket._write = (chunk: Uint8Array | string, encoding, done) => {
    const watched = watchedWrite(watcher, [{ chunk, encoding }], done)
    watched.begun(() => { write(chunk, encoding, watched.done) })
  }
  if (writev === undefined) return
  socket._writev = (pieces, done) => {
    const watched = watchedWrite(watcher, pieces, done)
    watched.begun(() => { writev(pieces, watched.done) })
  }
}

function watchInput(socket: Duplex, watcher: SocketWatcher): void {
  const push = socket.push.bind(socket)
  socket.push = (chunk: Uint8Array | string | null, encoding?: BufferEncoding) => {
    if (chunk === null) watcher.inputEnded()
    else if (chunk.length > 0) watcher.bytesIn(bytesOf(chunk, encoding))
    return push(chunk, encoding)
  }
}

/** A write that tells the watcher whether it has to wait, and when it is over. */
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
