/**
 * Writing many chunks to a peer that takes them at its own pace.
 */
import { CHUNK } from './scenario.js'

/** A socket, a response, or another stream that tells when it has room again. */
export interface Drainable {
  /** Returns whether there is room for more. */
  write(bytes: Uint8Array): boolean
  once(event: 'drain', listener: () => void): unknown
}

/** Writes chunks, `bytes` in all, whenever the stream has room. `done` is called after the last one. */
export function writeChunks(stream: Drainable, bytes: number, done: () => void): void {
  let left = bytes
  const fill = (): void => {
    while (left > 0) {
      left -= CHUNK.length
      if (!stream.write(CHUNK)) return void stream.once('drain', fill)
    }
    done()
  }
  fill()
}
