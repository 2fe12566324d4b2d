/**
 * Counts the events in the bytes that one client receives.
 */

/** Counts the events of one connection. */
export interface Count {
  /** Returns the number of events that end within the next bytes. */
  add(bytes: Buffer): number
}

/** Each event has one of these bytes. */
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
/** If the payload has 126 bytes or more, its length is in the third and fourth byte of the frame. */
const LONGER = 126

/** Counts frames of at most 64 KiB after the head of a response, which arrives in one piece. */
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

/** Returns the end of the frame that begins there; Infinity if it is not known yet. */
function frameEnd(bytes: Buffer, start: number): number {
  if (start + 4 > bytes.length) return Infinity
  const length = bytes[start + 1]
  return length < LONGER ? start + 2 + length : start + 4 + bytes.readUInt16BE(start + 2)
}
