/**
 * Bytes whose memory goes to another owner, as to a worker.
 */

/** The bytes that the new owner has. */
export function give(bytes: Uint8Array): Uint8Array {
  return structuredClone(bytes, { transfer: [bytes.buffer as ArrayBuffer] })
}

/** Memory that can shrink, which the compiler's library does not know yet. */
export function resizable(size: number): ArrayBuffer & { resize(size: number): void } {
  return Reflect.construct(ArrayBuffer, [size, { maxByteLength: size }]) as ArrayBuffer & { resize(size: number): void }
}
