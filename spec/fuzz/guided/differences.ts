/**
 * The intended differences between this parser and node:http in strict mode, each with its reason. A difference that
 * none of these explains is a finding.
 */
import { METHODS } from 'node:http'
import type { RemoteErrorCode, RemoteProtocolError } from '../../../lib/errors.js'
import type { Understood } from './node-http.js'

/** The first difference between two parsers of the same bytes. */
export interface Difference {
  readonly text: string
  /** The first request that is not the same; undefined for a parser without further requests. */
  readonly ours: Understood | undefined
  readonly theirs: Understood | undefined
  /** The error that ended our connection. */
  readonly error: RemoteProtocolError | null
  /** The error of node:http for the rest of the bytes. */
  readonly complaint: string
}

interface Explanation {
  readonly reason: string
  readonly explains: (difference: Difference) => boolean
}

/** We refuse, by a rule of the RFC, a request that node:http accepts, if `isSo` holds for the text. */
function refuses(code: RemoteErrorCode, reason: string, isSo = (_text: string): boolean => true): Explanation {
  return {
    reason,
    explains: ({ ours, theirs, error, text }) => !ours && theirs !== undefined && error?.code === code && isSo(text),
  }
}

/** We accept a request that node:http refuses with this code, if `isSo` holds for it. */
function takes(code: string, reason: string, isSo: (ours: Understood, text: string) => boolean): Explanation {
  return {
    reason,
    explains: ({ ours, theirs, text, complaint }) =>
      ours !== undefined && !theirs && complaint.startsWith(code) && isSo(ours, text),
  }
}

/** All intended differences. */
export const EXPLANATIONS: readonly Explanation[] = [
  refuses('badTarget', 'RFC 9112 §3.2: a target has one of four forms; llhttp checks its characters only'),
  refuses('badHost', 'RFC 9112 §3.2: one valid Host; node:http does not validate it'),
  refuses('badVersion', 'RFC 9112 §3: one space before the version; llhttp skips more'),
  refuses('badRequestLine', 'RFC 9112 §3: a request line has a version; llhttp accepts HTTP/0.9'),
  refuses('badLineEnd', 'RFC 9112 §2.2: CR LF ends a line, also an empty one; llhttp skips any CR and LF'),
  refuses('unknownVersion', 'RFC 9110 §15.6.6: another major version is 505; llhttp accepts HTTP/2.0'),
  refuses('badFieldValue', 'RFC 9110 §5.5: no controls in a value; llhttp accepts some',
    text => Array.from(text).some(isControl)),
  refuses('badFieldName', 'RFC 9110 §5.1: a name is a token'),
  refuses('obsoleteFold', 'RFC 9112 §5.2: no folds'),
  refuses('badChunk', 'RFC 9112 §7.1.1: an extension has a name; llhttp accepts any bytes of its set'),
  refuses('unknownTransferCoding', 'RFC 9112 §6.1: codings except chunked are 501; node:http does not decode them'),
  refuses('badTransferEncoding', 'RFC 9112 §6.1: none in HTTP/1.0, chunked once and last'),
  refuses('ambiguousLength', 'RFC 9112 §6.1: no Content-Length beside Transfer-Encoding'),
  refuses('badContentLength', 'RFC 9112 §6.3: digits only'),
  refuses('expectationFailed', 'RFC 9110 §10.1.1: 417; node:http looks for 100-continue anywhere in the value'),
  refuses('tooManyFields', '256 fields by default; node:http accepts 1,000 (Node 20 drops the rest)'),
  refuses('misdirected', 'RFC 9110 §7.4: a target for another scheme than that of the connection'),
  takes('HPE_INVALID_METHOD', 'RFC 9110 §9.1: any token is a method; llhttp knows a list',
    ({ method }) => !METHODS.includes(method)),
  takes('HPE_INVALID_CONSTANT', 'RFC 9110 §9.1: any token is a method; llhttp knows a list',
    ({ method }) => !METHODS.includes(method)),
  takes('HPE_UNEXPECTED_CONTENT_LENGTH', 'RFC 9112 §6.3: lengths that agree are one',
    (_, text) => sameLengths(text)),
  takes('HPE_INVALID_CONTENT_LENGTH', 'RFC 9112 §6.3: a list of lengths that agree is one',
    (_, text) => sameLengths(text)),
  takes('HPE_INVALID_CONTENT_LENGTH', 'RFC 9110 §6.5.1: a framing field in trailers has no effect',
    (_, text) => /^transfer-encoding:/im.test(text)),
  takes('HPE_INVALID_TRANSFER_ENCODING', 'RFC 9110 §6.5.1: a framing field in trailers has no effect',
    (_, text) => /^transfer-encoding:[ \t,]*chunked[^]*^0+[ \t;\r][^]*^transfer-encoding:/im.test(text)),
  takes('HPE_INVALID_TRANSFER_ENCODING', 'RFC 9110 §5.6.1: blanks and empty elements around chunked',
    (_, text) => /^transfer-encoding:(?! ?chunked\r$)[ \t,]*chunked[ \t,]*\r$/im.test(text)
      && !text.split('\r\n\r\n').some(hasBothLengths)),
  takes('HPE_INVALID_CONTENT_LENGTH', 'RFC 9110 §5.5: a tab around a value is blank, too',
    (_, text) => /^content-length:[ \t]*\d+[ \t]*\r$/im.test(text) && /^content-length:.*\t/im.test(text)),
  takes('HPE_INVALID_VERSION', 'RFC 9110 §9.1: any token is a method; llhttp reads PRI as HTTP/2',
    ({ method }) => method === 'PRI'),
  takes('HPE_CLOSED_CONNECTION', 'RFC 9110 §6.5.1: a trailer is not a field of the connection',
    (_, text) => /^transfer-encoding:/im.test(text) && /^connection:.*close/im.test(text)),
  takes('HPE_CLOSED_CONNECTION', 'RFC 9110 §5.5: a tab around a value is blank, too',
    (_, text) => /^connection:.*\t/im.test(text)),
  {
    reason: 'RFC 9110 §10.1.1: an Expect without a member expects nothing; node:http answers 417, and continues',
    explains: ({ ours, text }) => ours !== undefined && /^expect:[ \t,]*\r$/im.test(text),
  },
  takes('HPE_INVALID_CHUNK_SIZE', 'RFC 9112 §7.1.1: blanks around the parts of an extension',
    (_, text) => /^[0-9a-f]+[ \t]+;/im.test(text)),
  takes('HPE_STRICT', 'RFC 9112 §7.1.1: blanks around the parts of an extension', (_, text) => /;|=/.test(text)),
  takes('HPE_INVALID_VERSION', 'RFC 9110 §6.2: a higher minor version is read as 1.1',
    (_, text) => /HTTP\/1\.[2-9]\r\n/.test(text)),
  takes('', 'RFC 9110 §7.8: an Upgrade may be ignored; llhttp stops there in any case',
    (_, text) => /^upgrade:/im.test(text)),
  {
    // Without an Upgrade, llhttp refuses such a coding.
    reason: 'RFC 9110 §5.6.3: a tab behind chunked is blank; llhttp knows no such coding, and upgrades without a body',
    explains: ({ ours, theirs, error, text }) =>
      (ours === undefined ? error?.code === 'unexpectedEof' || error?.code === 'badChunk' : isSameHead(ours, theirs))
      && theirs?.body === '' && /^upgrade:/im.test(text) && /^transfer-encoding:.*chunked *\t/im.test(text),
  },
  {
    reason: 'RFC 9112 §6.3: the fields of a CONNECT say how long its body is; llhttp hands over what comes',
    explains: ({ ours, theirs }) => ours?.method === 'CONNECT' && isSameHead(ours, theirs) && theirs?.body === '',
  },
]

function isSameHead(ours: Understood, theirs: Understood | undefined): boolean {
  return ours.method === theirs?.method && ours.target === theirs.target
}

/** Whether the character is a control that a value may not have; a tab is allowed. */
function isControl(character: string): boolean {
  return (character < ' ' && !'\t\r\n'.includes(character)) || character === '\x7f'
}

function hasBothLengths(head: string): boolean {
  return /^content-length:/im.test(head) && /^transfer-encoding:/im.test(head)
}

/** Whether some Content-Length says the same number more than once. */
function sameLengths(text: string): boolean {
  const values = [...text.matchAll(/^content-length:(.*)\r$/gim)].flatMap(([, value]) => value.split(','))
  return new Set(values.map(Number)).size < values.length
}

/** Returns the kind of a difference, without its details. */
export function kindOf({ ours, theirs, error, complaint }: Difference): string {
  if (ours !== undefined && theirs !== undefined) return 'we read it differently'
  return ours === undefined
    ? `node:http takes it, we say ${error?.code ?? 'nothing'}`
    : `we take it, node:http says ${complaint}`
}

/** Returns the reason of an intended difference, null for others. */
export function explain(difference: Difference): string | null {
  return EXPLANATIONS.find(({ explains }) => explains(difference))?.reason ?? null
}
