/**
 * Two loops that drive the bare core over any transport: a socket, a pipe, an array in a test. Ready to be copied.
 *
 * Time limits are the caller's: see "The bare core" in the README.
 */
import { IOVec, type ServerConnection } from 'httprx/core'

/** The transport that the loops use. */
export interface Transport {
  /**
   * Resolves with the next bytes, which the loops own from then on; null at the end. Rejects if the transport broke.
   */
  read(): Promise<Uint8Array | null>
  /** Resolves with the number of bytes taken. Rejects if the transport broke. */
  write(bytes: readonly Uint8Array[]): Promise<number>
  /** Half-closes. */
  end(): void
  /** Resets the transport, so that the client does not take a truncated response for a complete one. */
  reset(): void
}

/**
 * Drives the connection until both loops are over. Resolves with null, or after an upgrade with the unconsumed bytes,
 * which belong to the other protocol, as does the transport.
 */
export async function drive(connection: ServerConnection, transport: Transport): Promise<Uint8Array | null> {
  const [left] = await Promise.all([readLoop(connection, transport), writeLoop(connection, transport)])
  return left
}

async function readLoop(connection: ServerConnection, transport: Transport): Promise<Uint8Array | null> {
  let left: Uint8Array = new Uint8Array(0)
  let isEof = false
  for (;;) {
    const operation = connection.nextReadOperation()
    if (operation === 'close') return null
    if (operation === 'upgrade') return left
    if (operation === 'yield') {
      await new Promise<void>(resolve => { connection.yieldReader(resolve) })
    } else {
      const more = await nextBytes(connection, transport)
      if (more === null) isEof = true
      else left = joined(left, more)
    }
    left = offer(connection, left, isEof)
  }
}

/** Offers the available bytes, including unconsumed ones. Returns what the connection did not consume. */
function offer(connection: ServerConnection, bytes: Uint8Array, isEof: boolean): Uint8Array {
  const consumed = isEof ? connection.readEof(bytes, 0, bytes.length) : connection.read(bytes, 0, bytes.length)
  return bytes.subarray(consumed)
}

/** Returns the next bytes; null at the end. A broken transport takes no more output either. */
async function nextBytes(connection: ServerConnection, transport: Transport): Promise<Uint8Array | null> {
  try {
    return await transport.read()
  } catch {
    connection.reportWriteResult({ type: 'closed' })
    return null
  }
}

async function writeLoop(connection: ServerConnection, transport: Transport): Promise<void> {
  for (;;) {
    const operation = connection.nextWriteOperation()
    if (operation.type === 'upgrade') return
    if (operation.type === 'close') {
      if (operation.mustReset) transport.reset()
      else transport.end()
      return
    }
    if (operation.type === 'yield') await new Promise<void>(resolve => { connection.yieldWriter(resolve) })
    else await write(connection, transport, operation.iovecs)
  }
}

async function write(connection: ServerConnection, transport: Transport, iovecs: readonly IOVec[]): Promise<void> {
  try {
    connection.reportWriteResult({ type: 'ok', count: await transport.write(iovecs.map(iovec => IOVec.view(iovec))) })
  } catch {
    connection.reportWriteResult({ type: 'closed' })
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  if (first.length === 0) return second
  const bytes = new Uint8Array(first.length + second.length)
  bytes.set(first)
  bytes.set(second, first.length)
  return bytes
}
