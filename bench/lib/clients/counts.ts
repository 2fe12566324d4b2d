/**
 * How many events the bytes of one client are.
 */

/** Counts the events of one connection. */
export interface Count {
  /** Returns how many events end within the bytes that came next. */
  add(bytes: Buffer): number
}

/** Each event has one. */
const END = '}'.charCodeAt(0)

/** Counts events that have one `}` each. */
export class EndCount implements Count {
  add(bytes: Buffer): number {
    let count = 0
    for (let at = bytes.indexOf(END); at >= 0; at = bytes.indexOf(END, at + 1)) count++
    return count
  }
}

const HEAD_END = '\r\n\r\n'
/** A frame whose payload has 126 bytes and more has its length in the two bytes behind the first two. */
const LONGER = 126

/** Counts frames of at most 64 KiB behind the head of a response, which comes in one piece. */
export class FrameCount implements Count {
  private rest = Buffer.alloc(0)
  private hasHead = false

  add(bytes: Buffer): number {
    const all = Buffer.concat([this.rest, bytes])
    let start = this.hasHead ? 0 : all.indexOf(HEAD_END) + HEAD_END.length
    let count = 0
    this.hasHead = true
    for (let end = frameEnd(all, start); end <= all.length; end = frameEnd(all, start)) {
      start = end
      count++
    }
    this.rest = all.subarray(start)
    return count
  }
}

/** Returns the end of the frame that begins there; Infinity, where that is not known yet. */
function frameEnd(bytes: Buffer, start: number): number {
  if (start + 4 > bytes.length) return Infinity
  const length = bytes[start + 1]
  return length < LONGER ? start + 2 + length : start + 4 + bytes.readUInt16BE(start + 2)
}
