/**
 * Where we and node:http in strict mode read the same bytes differently, and why that is meant. A difference that none
 * of these explains is a finding.
 */
import { METHODS } from 'node:http'
import type { RemoteErrorCode, RemoteProtocolError } from '../../../lib/errors.js'
import type { Understood } from './node-http.js'

/** What two readers made of the same bytes, up to their first difference. */
export interface Difference {
  readonly text: string
  /** The first request that is not the same, or undefined where one of them has no more. */
  readonly ours: Understood | undefined
  readonly theirs: Understood | undefined
  /** What ended our connection. */
  readonly error: RemoteProtocolError | null
  /** What node:http had against the rest. */
  readonly complaint: string
}

interface Explanation {
  readonly reason: string
  readonly explains: (difference: Difference) => boolean
}

/** We refuse what node:http takes, for a rule of the RFC, where `isSo`. */
function refuses(code: RemoteErrorCode, reason: string, isSo = (_text: string): boolean => true): Explanation {
  return {
    reason,
    explains: ({ ours, theirs, error, text }) => !ours && theirs !== undefined && error?.code === code && isSo(text),
  }
}

/** We take what node:http refuses with this code, where `isSo`. */
function takes(code: string, reason: string, isSo: (ours: Understood, text: string) => boolean): Explanation {
  return {
    reason,
    explains: ({ ours, theirs, text, complaint }) =>
      ours !== undefined && !theirs && complaint.startsWith(code) && isSo(ours, text),
  }
}

/** All that is meant to differ. */
export const EXPLANATIONS: readonly Explanation[] = [
  refuses('badTarget', 'RFC 9112 §3.2: a target has one of four forms; llhttp looks at its characters'),
  refuses('badHost', 'RFC 9112 §3.2: one valid Host; node:http wants one and looks no further'),
  refuses('badVersion', 'RFC 9112 §3: one space before the version; llhttp skips more'),
  refuses('badRequestLine', 'RFC 9112 §3: a request line has a version; llhttp takes HTTP/0.9'),
  refuses('badLineEnd', 'RFC 9112 §2.2: CR LF ends a line, and an empty one stands in front once; llhttp skips any'),
  refuses('unknownVersion', 'RFC 9110 §15.6.6: another major version is 505; llhttp takes HTTP/2.0'),
  refuses('badFieldValue', 'RFC 9110 §5.5: no controls in a value; llhttp takes some',
    text => Array.from(text).some(isControl)),
  refuses('badFieldName', 'RFC 9110 §5.1: a name is a token'),
  refuses('obsoleteFold', 'RFC 9112 §5.2: no folds'),
  refuses('badChunk', 'RFC 9112 §7.1.1: an extension has a name; llhttp takes any bytes of its set'),
  refuses('unknownTransferCoding', 'RFC 9112 §6.1: codings but chunked are 501; node:http hands them out as they are'),
  refuses('badTransferEncoding', 'RFC 9112 §6.1: none in HTTP/1.0, chunked once and last'),
  refuses('ambiguousLength', 'RFC 9112 §6.1: no Content-Length beside Transfer-Encoding'),
  refuses('badContentLength', 'RFC 9112 §6.3: digits alone'),
  refuses('expectationFailed', 'RFC 9110 §10.1.1: 417; node:http looks for 100-continue anywhere in the value'),
  refuses('tooManyFields', '256 fields by default; node:http takes 1,000 (Node 20 drops the rest)'),
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
  takes('HPE_INVALID_VERSION', 'RFC 9110 §9.1: any token is a method; llhttp takes PRI for HTTP/2',
    ({ method }) => method === 'PRI'),
  takes('HPE_CLOSED_CONNECTION', 'RFC 9110 §6.5.1: a trailer is no field of the connection',
    (_, text) => /^transfer-encoding:/im.test(text) && /^connection:.*close/im.test(text)),
  takes('HPE_CLOSED_CONNECTION', 'RFC 9110 §5.5: a tab around a value is blank, too',
    (_, text) => /^connection:.*\t/im.test(text)),
  {
    reason: 'RFC 9110 §10.1.1: an Expect without a member expects nothing; node:http answers 417, and reads on',
    explains: ({ ours, text }) => ours !== undefined && /^expect:[ \t,]*\r$/im.test(text),
  },
  takes('HPE_INVALID_CHUNK_SIZE', 'RFC 9112 §7.1.1: blanks around the parts of an extension',
    (_, text) => /^[0-9a-f]+[ \t]+;/im.test(text)),
  takes('HPE_STRICT', 'RFC 9112 §7.1.1: blanks around the parts of an extension', (_, text) => /;|=/.test(text)),
  takes('HPE_INVALID_VERSION', 'RFC 9110 §6.2: a higher minor version is read as 1.1',
    (_, text) => /HTTP\/1\.[2-9]\r\n/.test(text)),
  takes('', 'RFC 9110 §7.8: an Upgrade may be ignored; llhttp stops there, whatever the server does',
    (_, text) => /^upgrade:/im.test(text)),
  {
    // Without an Upgrade, it refuses such a coding.
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

/** Whether it is a control that has no place in a value: a tab has. */
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

/** Returns what differs, without the particulars. */
export function kindOf({ ours, theirs, error, complaint }: Difference): string {
  if (ours !== undefined && theirs !== undefined) return 'we read it differently'
  return ours === undefined
    ? `node:http takes it, we say ${error?.code ?? 'nothing'}`
    : `we take it, node:http says ${complaint}`
}

/** Returns the reason of a difference, or null where there is none. */
export function explain(difference: Difference): string | null {
  return EXPLANATIONS.find(({ explains }) => explains(difference))?.reason ?? null
}
