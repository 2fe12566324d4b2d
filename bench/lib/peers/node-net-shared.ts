/**
 * Like node-net, but all sockets are read into one shared buffer, as httprx does.
 */
import { createServer } from 'node:net'
import { RawExchange } from '../raw-exchange.js'
import type { Scenario } from '../scenario.js'
import { readShared } from '../shared-reads.js'
import { listening } from './listening.js'

export function start(scenario: Scenario): Promise<number> {
  return listening(createServer({ noDelay: true, pauseOnConnect: true }, socket => {
    const exchange = new RawExchange(scenario, socket)
    socket.on('error', () => undefined)
    readShared(socket, bytes => { exchange.receive(bytes) })
  }))
}
