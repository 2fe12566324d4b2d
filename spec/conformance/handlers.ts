/**
 * The handlers of the cases: `reply=` on the fence names one of these.
 */
import type { BodyReader } from '../../lib/connection/body-reader.js'
import type { Reqd } from '../../lib/connection/reqd.js'
import { Headers } from '../../lib/message/headers.js'
import { isUpgradeRequest } from '../../lib/message/persistence.js'
import { Response } from '../../lib/message/response.js'

/** Serves a request, and logs what it receives of the body. */
export type CaseHandler = (reqd: Reqd, log: (line: string) => void, status: number) => void

/** The values of `reply=` on the fence; the default is `read`. */
export const HANDLERS: Readonly<Record<string, CaseHandler>> = {
  read(reqd, log, status) {
    readBody(reqd.requestBody, log, () => { respond(reqd, status) })
  },
  unread(reqd, _log, status) {
    respond(reqd, status)
  },
  early(reqd, log, status) {
    readBody(reqd.requestBody, log, () => {})
    respond(reqd, status)
  },
  unwanted(reqd, _log, status) {
    reqd.requestBody.close()
    respond(reqd, status)
  },
  stream(reqd, log, status) {
    readBody(reqd.requestBody, log, () => {
      const body = reqd.respondWithStreaming(Response.create(status))
      body.writeString('o')
      body.writeString('k')
      body.close()
    })
  },
  begin(reqd, log, status) {
    reqd.respondWithStreaming(Response.create(status)).writeString('o')
    readBody(reqd.requestBody, log, () => {})
  },
  close(reqd, log, status) {
    readBody(reqd.requestBody, log, () => {
      reqd.respondWithString(Response.create(status, { headers: Headers.of({ Connection: 'close' }) }), 'ok')
    })
  },
  upgrade,
  offered(reqd, log, status) {
    if (isUpgradeRequest(reqd.request)) upgrade(reqd, log)
    else respond(reqd, status)
  },
  inform(reqd, log, status) {
    log(`informed: ${reqd.inform(103, Headers.of({ Link: '</a>' }))}`)
    respond(reqd, status)
  },
  silent() {},
  throw() {
    throw new Error('the handler failed')
  },
}

function upgrade(reqd: Reqd, log: (line: string) => void): void {
  const headers = reqd.request.method === 'CONNECT' ? Headers.empty : Headers.of({ Upgrade: 'echo' })
  reqd.respondWithUpgrade(headers, () => { log('upgraded') })
}

function respond(reqd: Reqd, status: number): void {
  reqd.respondWithString(Response.create(status), 'ok')
}

/** Reads a body to its end, and logs it. */
function readBody(reader: BodyReader, log: (line: string) => void, done: () => void): void {
  let text = ''
  const next = (): void => {
    reader.scheduleRead({
      onRead(bytes) {
        text += String.fromCharCode(...bytes)
        next()
      },
      onEof() {
        if (text !== '') log(`body ${JSON.stringify(text)}`)
        for (const [name, value] of reader.trailers ?? []) log(`trailer ${name}: ${value}`)
        done()
      },
      onError(error) {
        log(`body ${JSON.stringify(text)} failed: ${(error as { code?: string }).code ?? String(error)}`)
      },
    })
  }
  next()
}
