/**
 * Makes the heads of a connection's responses.
 *
 * Strategy: the serializer (wire/response-head.ts) knows no connection. This file collects the context that a head
 * depends on: the method and version of the request, whether the connection stays open, the date and the Keep-Alive
 * hint. The head of an answer to a failure always announces the connection's end.
 */
import { LocalProtocolError } from '../errors.js'
import { isUpgradeRequest } from '../message/persistence.js'
import type { Request } from '../message/request.js'
import type { Response } from '../message/response.js'
import { Version } from '../message/version.js'
import {
  responseHead, upgradeHead, UNKNOWN_LENGTH, type HeadContext, type ResponseHead,
} from '../wire/response-head.js'
import type { Config } from './config.js'
import type { Failure } from './error-handler.js'

/** A response, what it answers, and how many bytes its body has. @internal */
export interface Answer {
  readonly reqd: { readonly request: Request }
  readonly response: Response
  readonly length: number
}

/** The head of an answer. @throws as {@link responseHead} @internal */
export function headOf(config: Config, { reqd, response, length }: Answer, isPersistent: boolean): ResponseHead {
  return responseHead(response, contextOf(config, reqd.request, isPersistent), length)
}

/** The context of the last head, which is mostly that of the next one: a kept head is compared with its identity. */
let last: HeadContext = { method: '', isHttp11: false, isPersistent: false, date: '', keepAlive: 0 }

function contextOf(config: Config, { method: asked, version }: Request, isPersistent: boolean): HeadContext {
  const { keepAlive } = config
  // One context for all methods whose heads do not differ: a kept head then serves GET and POST in turns.
  const method = asked === 'HEAD' || asked === 'CONNECT' ? asked : ''
  const isHttp11 = version === Version.HTTP_1_1
  const date = dateOf(config)
  const isSame = method === last.method && isHttp11 === last.isHttp11 && isPersistent === last.isPersistent
    && date === last.date && keepAlive === last.keepAlive
  if (!isSame) last = { method, isHttp11, isPersistent, date, keepAlive }
  return last
}

/** The head of the answer to a failure. @throws as {@link responseHead} @internal */
export function errorHeadOf(config: Config, failure: Failure, response: Response): ResponseHead {
  const isHttp11 = failure.request?.version === Version.HTTP_1_1
  const context = { method: failure.method, isHttp11, isPersistent: false, date: dateOf(config), keepAlive: 0 }
  return responseHead(response, context, UNKNOWN_LENGTH)
}

/** The head of an upgrade. @throws {@link LocalProtocolError} badUpgrade, and as {@link responseHead} @internal */
export function upgradeHeadOf(config: Config, request: Request, response: Response): string {
  const isAsked = request.method === 'CONNECT' || isUpgradeRequest(request)
  const isNamed = response.status !== 101 || response.headers.mem('Upgrade')
  if (!isAsked || !isNamed) throw new LocalProtocolError('badUpgrade', 'not an upgrade that the client asked for')
  return upgradeHead(response, dateOf(config))
}

function dateOf(config: Config): string {
  return config.date === null ? '' : config.date()
}
