/**
 * The parsers of heads, and the small pool of them that all connections of the process share. A connection takes one
 * when bytes of a head come and gives it back when none is begun, so that idle connections hold none: 300 bytes less
 * for each, and heads are parsed with what is in the processor's cache.
 */
import { HeadParser } from './head-parser.js'

/** The most parsers that the pool keeps. One is enough where every read ends between two heads. */
const POOL_LIMIT = 16

const pool: HeadParser[] = []

/** A parser between two heads, with these limits; it is the caller's until {@link giveHeadParser}. */
export function takeHeadParser(maxHeaderSize: number, maxHeadersCount: number): HeadParser {
  const parser = pool.pop()
  if (parser?.hasLimits(maxHeaderSize, maxHeadersCount) === true) return parser
  return new HeadParser(maxHeaderSize, maxHeadersCount)
}

/** Takes back a parser that is between two heads. */
export function giveHeadParser(parser: HeadParser): void {
  if (pool.length < POOL_LIMIT) pool.push(parser)
}
