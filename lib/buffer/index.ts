/** Byte plumbing that knows no HTTP: ranges of bytes, the output queue, and the two text encodings. */
export { Faraday } from './faraday.js'
export type { FlushCallback, FlushResult } from './flush-queue.js'
export { IOVec } from './iovec.js'
export { decodeLatin1, writeLatin1 } from './latin1.js'
export { utf8Length, writeUtf8 } from './utf8.js'
