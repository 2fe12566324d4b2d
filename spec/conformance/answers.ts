/**
 * The client's view of a server's output: a parser of responses that shares no code with the library. It throws if the
 * framing of a response is invalid.
 */

/** One response, as a client sees it. */
export interface Answer {
  /** Status and reason: `200 OK`. */
  readonly status: string
  /** The field lines in order. */
  readonly fields: readonly string[]
  readonly body: string
}

/** Parses the output of a server for requests with these methods, in order. */
export function readAnswers(output: string, methods: readonly string[]): Answer[] {
  const answers: Answer[] = []
  const waiting = [...methods]
  for (let rest = output; rest !== '';) {
    const [head, behind] = cutAt(rest, '\r\n\r\n')
    const [line = '', ...fields] = head.split('\r\n')
    const status = /^HTTP\/1\.1 (\d{3} .*)$/.exec(line)![1]
    const method = status.startsWith('1') ? '' : waiting.shift() ?? ''
    const [body, next] = readBody({ status, fields, body: behind }, method)
    answers.push({ status, fields, body })
    rest = next
  }
  return answers
}

/** The value of a field, or null. */
export function fieldOf(answer: Answer, name: string): string | null {
  const line = answer.fields.find(field => field.toLowerCase().startsWith(name + ':'))
  return line === undefined ? null : line.slice(name.length + 1).trim()
}

/** The body of a response at the beginning of `body`, and the rest after it. */
function readBody(answer: Answer, method: string): [body: string, rest: string] {
  const isBodiless = /^(?:1|204|304)/.test(answer.status) || (method === 'CONNECT' && answer.status.startsWith('2'))
  const length = fieldOf(answer, 'content-length')
  const isChunked = fieldOf(answer, 'transfer-encoding') === 'chunked'
  if (length !== null && isChunked) throw new Error('both framing fields')
  if (isBodiless || method === 'HEAD') return ['', answer.body]
  if (isChunked) return readChunks(answer.body)
  if (length === null) return [answer.body, '']
  if (answer.body.length < Number(length)) throw new Error('the body is shorter than Content-Length')
  return [answer.body.slice(0, Number(length)), answer.body.slice(Number(length))]
}

/** The chunks up to the last; a body that was cut ends in `…`. */
function readChunks(text: string): [body: string, rest: string] {
  let body = ''
  for (let rest = text; rest !== '';) {
    const [size, behind] = cutAt(rest, '\r\n')
    const length = Number.parseInt(size, 16)
    if (length === 0) return [body, cutAt('\r\n' + behind, '\r\n\r\n')[1]]
    body += behind.slice(0, length)
    rest = cutAt(behind.slice(length), '\r\n')[1]
  }
  return [body + '…', '']
}

function cutAt(text: string, separator: string): [before: string, behind: string] {
  const at = text.indexOf(separator)
  if (at < 0) throw new Error(`no ${JSON.stringify(separator)} in ${JSON.stringify(text)}`)
  return [text.slice(0, at), text.slice(at + separator.length)]
}
