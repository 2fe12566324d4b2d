/**
 * `node:net` answering prebuilt bytes without a parser: what sockets alone cost.
 */
import { createServer } from 'node:net'
import { RawExchange } from '../raw-exchange.js'
import type { Scenario } from '../scenario.js'
import { listening } from './listening.js'

export function start(scenario: Scenario): Promise<number> {
  return listening(createServer({ noDelay: true }, socket => {
    const exchange = new RawExchange(scenario, socket)
    socket.on('data', bytes => { exchange.receive(bytes) })
    socket.on('error', () => undefined)
  }))
}
