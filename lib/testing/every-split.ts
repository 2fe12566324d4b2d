/**
 * `everySplit`: runs a case with the same bytes in every split, for code that finds messages in a byte stream.
 */
import { isPromise } from '../thrown.js'
import { bytesOf } from './bytes.js'
import { difference } from './equality.js'
import { showDifference } from './show.js'
import { SplitError } from './test-errors.js'

/**
 * Calls `run` with the bytes whole, byte by byte, and in two pieces at every place, and returns its result for the
 * whole. `run` owns the pieces. An empty input is one empty piece.
 *
 * @throws {@link SplitError} another split has another result, or throws (then that is the `cause`)
 */
export function everySplit<R>(bytes: string | Uint8Array, run: (pieces: Uint8Array[]) => R): R {
  const whole = bytesOf(bytes)
  const expected = run([whole.slice()])
  if (isPromise(expected)) throw new TypeError('everySplit needs the result itself, not a promise of it')
  check('byte by byte', () => run(pieces(whole, places(whole.length))), expected)
  for (const place of places(whole.length)) {
    check(`cut at ${place} of ${whole.length} bytes`, () => run(pieces(whole, [place])), expected)
  }
  return expected
}

function check(name: string, run: () => unknown, expected: unknown): void {
  const found = difference(attempt(name, run), expected)
  if (found !== null) throw new SplitError(`${name}, it is not what it is in one piece: ${showDifference(found)}`)
}

function attempt(name: string, run: () => unknown): unknown {
  try {
    return run()
  } catch (cause) {
    throw new SplitError(`${name}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}

/** The offsets between the bytes. */
function places(length: number): number[] {
  return Array.from({ length: Math.max(0, length - 1) }, (_, index) => index + 1)
}

function pieces(whole: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  return [...cuts, whole.length].map((end, index) => whole.slice(index === 0 ? 0 : cuts[index - 1], end))
}
