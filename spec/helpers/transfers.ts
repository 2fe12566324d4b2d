/**
 * Bytes whose memory goes to another owner, as to a worker.
 */

/** The bytes that the new owner has. */
export function give(bytes: Uint8Array): Uint8Array {
  return structuredClone(bytes, { transfer: [bytes.buffer as ArrayBuffer] })
}
