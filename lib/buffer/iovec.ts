/**
 * Ranges of bytes to be written, as the caller of the connection sees them: an array, an offset and a length. The
 * connection hands out a list of them; the caller writes as many bytes as the transport takes, and reports the count.
 */
import { LocalProtocolError } from '../errors.js'

/**
 * A range of `len` bytes of `buffer`, from `off` on. It is a view: its maker owns the bytes and defines how long they
 * stay unchanged.
 */
export interface IOVec {
  readonly buffer: Uint8Array
  /** The first byte of the range, counted in bytes from the start of `buffer`. */
  readonly off: number
  /** How many bytes the range has. */
  readonly len: number
}

function badRange(message: string): LocalProtocolError {
  return new LocalProtocolError('badRange', message)
}

/**
 * Checks that `off` and `len` are a range of `bytes`.
 *
 * @throws {@link LocalProtocolError} badRange
 * @internal
 */
export function checkRange(bytes: Uint8Array, off: number, len: number): void {
  if (Number.isInteger(off) && Number.isInteger(len) && off >= 0 && len >= 0 && off + len <= bytes.byteLength) return
  throw badRange(`off ${off} and len ${len} are not a range of ${bytes.length} bytes`)
}

/**
 * Whether the range is not there any more, because the application transferred or shrank its memory. V8's `length` may
 * be stale then (Node 20, 22), not `byteLength`.
 *
 * @internal
 */
export function isGivenAway({ buffer, off, len }: IOVec): boolean {
  return buffer.byteLength < off + len
}

/**
 * Returns the first `count` bytes of `iovecs`, or all if they have fewer, as a new list.
 *
 * @internal
 */
export function firstBytes(iovecs: readonly IOVec[], count: number): IOVec[] {
  const part: IOVec[] = []
  let room = count
  for (const { buffer, off, len } of iovecs) {
    if (room === 0) break
    part.push({ buffer, off, len: Math.min(len, room) })
    room -= Math.min(len, room)
  }
  return part
}

/**
 * The operations on iovecs. With `bytes(v)` for the bytes that a list covers, in order, and `0 <= n <= lengthv(v)`:
 *
 *     bytes(shiftv(v, n))         = bytes(v) without the first n
 *     lengthv(shiftv(v, n))       = lengthv(v) - n
 *     shiftv(v, 0)                = v
 *     shiftv(shiftv(v, m), n)     covers what shiftv(v, m + n) covers
 *     shiftv([i], n)              covers what [shift(i, n)] covers
 */
export const IOVec = {
  /**
   * Returns the range of `len` bytes of `buffer` from `off` on; by default all of it. Nothing is copied.
   *
   * @throws {@link LocalProtocolError} badRange: it is not a range of `buffer`
   */
  create(buffer: Uint8Array, off = 0, len = buffer.length - off): IOVec {
    checkRange(buffer, off, len)
    return { buffer, off, len }
  },

  /** Returns the number of bytes in `iovec`. */
  length(iovec: IOVec): number {
    return iovec.len
  },

  /** Returns the number of bytes in all of `iovecs`. */
  lengthv(iovecs: readonly IOVec[]): number {
    let length = 0
    for (const iovec of iovecs) length += iovec.len
    return length
  },

  /**
   * Returns `iovec` without its first `n` bytes.
   *
   * @throws {@link LocalProtocolError} badRange: `n` is not an integer within `0..iovec.len`
   */
  shift(iovec: IOVec, n: number): IOVec {
    if (!Number.isInteger(n) || n < 0 || n > iovec.len) throw badRange(`cannot shift ${n} of ${iovec.len} bytes`)
    return { buffer: iovec.buffer, off: iovec.off + n, len: iovec.len - n }
  },

  /**
   * Returns `iovecs` without their first `n` bytes, as a new list without empty iovecs.
   *
   * @throws {@link LocalProtocolError} badRange: `n` is not an integer within `0..lengthv(iovecs)`
   */
  shiftv(iovecs: readonly IOVec[], n: number): IOVec[] {
    if (!Number.isInteger(n) || n < 0) throw badRange(`cannot shift ${n} bytes`)
    const shifted: IOVec[] = []
    let rest = n
    for (const iovec of iovecs) {
      if (rest === 0) shifted.push(iovec)
      else if (rest < iovec.len) shifted.push(IOVec.shift(iovec, rest))
      rest = Math.max(0, rest - iovec.len)
    }
    if (rest > 0) throw badRange(`cannot shift ${n} of ${n - rest} bytes`)
    return shifted
  },

  /** Returns the bytes of `iovec` as an array of their own, sharing memory with `iovec.buffer`. */
  view({ buffer, off, len }: IOVec): Uint8Array {
    // Not `subarray`, which calls the constructor of an application's subclass.
    return new Uint8Array(buffer.buffer, buffer.byteOffset + off, len)
  },
} as const
