/**
 * The faults of a client's frames: the code of the close that answers each, and its error.
 *
 * Strategy: codes and messages of the errors are those of the package `ws`, because `closure.error` shows them to the
 * application.
 */

/** The code of the close frame that answers a fault (RFC 6455 §7.4.1), the error's code, and its message. */
type Fault = readonly [close: number, code: string, message: string]

const FRAME = 'Invalid WebSocket frame: '

const FAULTS = {
  reservedBits: [1002, 'WS_ERR_UNEXPECTED_RSV_2_3', `${FRAME}RSV2 and RSV3 must be clear`],
  compressionBit: [1002, 'WS_ERR_UNEXPECTED_RSV_1', `${FRAME}RSV1 must be clear`],
  opcode: [1002, 'WS_ERR_INVALID_OPCODE', `${FRAME}invalid opcode`],
  splitControl: [1002, 'WS_ERR_EXPECTED_FIN', `${FRAME}FIN must be set`],
  longControl: [1002, 'WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH', `${FRAME}invalid payload length`],
  unmasked: [1002, 'WS_ERR_EXPECTED_MASK', `${FRAME}MASK must be set`],
  closeCode: [1002, 'WS_ERR_INVALID_CLOSE_CODE', `${FRAME}invalid status code`],
  notUtf8: [1007, 'WS_ERR_INVALID_UTF8', `${FRAME}invalid UTF-8 sequence`],
  notDeflated: [1007, 'Z_DATA_ERROR', 'the message cannot be inflated'],
  tooManyFragments: [1008, 'WS_ERR_TOO_MANY_BUFFERED_PARTS', 'Too many message fragments'],
  hugeFrame: [1009, 'WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH', 'Unsupported WebSocket frame: payload length > 2^53 - 1'],
  tooLong: [1009, 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH', 'Max payload size exceeded'],
} as const satisfies Record<string, Fault>

/** A rule that a frame breaks. */
export type FrameFault = keyof typeof FAULTS

/** Returns the code of the close frame that answers the fault. */
export function closeCodeOf(fault: FrameFault): number {
  return FAULTS[fault][0]
}

/** Returns the error of a fault. */
export function faultError(fault: FrameFault): Error {
  const [, code, message] = FAULTS[fault]
  return Object.assign(new RangeError(message), { code })
}

/** Returns the fault of a message that could not be inflated. */
export function inflationFault(error: Error): FrameFault {
  return (error as { code?: string }).code === FAULTS.tooLong[1] ? 'tooLong' : 'notDeflated'
}
