/**
 * The only file that imports the package `ws`, for the compression of messages (RFC 7692): its negotiation, and the
 * streams of zlib, whose number at work it limits for the whole process.
 *
 * Strategy: the package is asked only where compression is on and the client offers it. Other connections, and the
 * frames themselves, do without it. Bun has a module `ws` of its own, without these parts: there, no message is
 * compressed.
 */
import * as ws from 'ws'
import { copyBytes } from '../buffer/bytes.js'
import { queueMicrotask } from '../node/runtime.js'
import { shareCompression, type Deflate } from './shared-compression.js'
import type { DeflateOptions } from './web-socket-options.js'

type Done = (error: Error | null, bytes: Buffer) => void

/** The package's parts, which its declarations lack. */
interface Parts {
  readonly PerMessageDeflate: new (options: object) => PerMessageDeflate
  readonly Sender: new (stream: FrameStream, extensions: Record<string, PerMessageDeflate>) => Sender
  readonly extension: {
    parse(header: string): Record<string, unknown[] | undefined>
    format(extensions: Record<string, unknown[]>): string
  }
}

interface PerMessageDeflate extends Deflate {
  accept(offers: unknown[]): Record<string, unknown>
  decompress(payload: Uint8Array, isFinal: boolean, done: Done): void
  cleanup(): void
}

interface Sender {
  readonly _bufferedBytes: number
  send(message: string | Uint8Array, options: object): void
  ping(payload: Uint8Array, isMasked: boolean): void
  pong(payload: Uint8Array, isMasked: boolean, done: () => void): void
  close(code: number | undefined, reason: string, isMasked: boolean, done: (error?: Error | null) => void): void
}

/** Where the frames of compressed messages go: what the package uses of a stream. */
export interface FrameStream {
  readonly destroyed: boolean
  cork(): void
  uncork(): void
  write(bytes: Uint8Array | string, done?: (error?: Error | null) => void): void
}

const NAME = 'permessage-deflate'

const parts = partsOf(ws as unknown as Partial<Parts>)

function partsOf({ PerMessageDeflate, Sender, extension }: Partial<Parts>): Parts | null {
  return PerMessageDeflate && Sender && extension ? { PerMessageDeflate, Sender, extension } : null
}

/** The compression that both sides agreed on. */
export interface Agreement {
  /** The value of Sec-WebSocket-Extensions in the response. */
  readonly header: string
  readonly deflate: PerMessageDeflate
  readonly Sender: Parts['Sender']
}

/**
 * Returns the agreement on an offer (the value of Sec-WebSocket-Extensions); null, where the client offers no
 * compression; 'malformed', where the offer is malformed or asks for what cannot be had.
 */
export function agree(offer: string, options: DeflateOptions, maxPayload: number): Agreement | 'malformed' | null {
  if (offer === '' || parts === null) return null
  const { PerMessageDeflate, Sender, extension } = parts
  const { threshold = 1024, contextTakeover } = options
  // Contexts are kept only on request: their memory lasts as long as the connection. A client may refuse to keep them
  // in either case; `false` would refuse the client instead.
  const isForgetful = contextTakeover === true ? undefined : true
  const deflate = new PerMessageDeflate({
    threshold, maxPayload, isServer: true, serverNoContextTakeover: isForgetful, clientNoContextTakeover: isForgetful,
  })
  try {
    const offers = extension.parse(offer)[NAME]
    if (offers === undefined) return null
    return { header: extension.format({ [NAME]: [deflate.accept(offers)] }), deflate, Sender }
  } catch {
    return 'malformed'
  }
}

let last: { readonly message: Uint8Array; readonly copy: Uint8Array } | null = null

/**
 * Returns a copy of a message for zlib, whose threads do not survive it if the memory is transferred or shrinks. All
 * clients that get the message in one task share the copy.
 */
function copyOf(message: Uint8Array): Uint8Array {
  if (last?.message === message && last.copy.length === message.byteLength) return last.copy
  if (last === null) queueMicrotask(() => { last = null })
  last = { message, copy: copyBytes(message, 0, message.length) }
  return last.copy
}

/** Compresses the messages of one connection. Frames stay in their order. */
export class Compression {
  private readonly deflate: PerMessageDeflate
  private readonly sender: Sender

  constructor({ deflate, Sender }: Agreement, stream: FrameStream) {
    shareCompression(deflate)
    this.deflate = deflate
    this.sender = new Sender(stream, { [NAME]: deflate })
  }

  /** How many bytes wait to be compressed. */
  get pending(): number {
    return this.sender._bufferedBytes
  }

  send(message: string | Uint8Array): void {
    const binary = typeof message !== 'string'
    this.sender.send(binary ? copyOf(message) : message, { binary, mask: false, compress: true, fin: true })
  }

  ping(payload: Uint8Array): void {
    this.sender.ping(payload, false)
  }

  pong(payload: Uint8Array, done: () => void): void {
    this.sender.pong(payload, false, done)
  }

  /** Sends a close frame; without a code and a reason, where the code is null. `sent` is called when it left. */
  close(code: number | null, reason: string, sent: (error?: Error | null) => void): void {
    this.sender.close(code ?? undefined, reason, false, sent)
  }

  /** Inflates a message: calls back with its bytes, or the error that it has. */
  inflate(payload: Uint8Array, done: (result: Buffer | Error) => void): void {
    this.deflate.decompress(payload, true, (error, bytes) => { done(error ?? bytes) })
  }

  /** Frees the memory of zlib. */
  end(): void {
    this.deflate.cleanup()
  }
}
