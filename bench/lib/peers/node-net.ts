/**
 * `node:net` answering with prebuilt bytes, without a parser: the cost of sockets alone.
 */
import { createServer, type Socket } from 'node:net'
import { BareFanOut } from '../fan-out-bare.js'
import { isFanOut } from '../fan-out.js'
import { RawExchange } from '../raw-exchange.js'
import type { Scenario } from '../scenario.js'
import { listening } from './listening.js'

export function start(scenario: Scenario): Promise<number> {
  return listening(createServer({ noDelay: true }, isFanOut(scenario) ? fanOut(scenario) : exchange(scenario)))
}

function exchange(scenario: Scenario) {
  return (socket: Socket): void => {
    const exchange = new RawExchange(scenario, socket)
    socket.on('data', bytes => { exchange.receive(bytes) })
    socket.on('error', () => undefined)
  }
}

function fanOut(scenario: Scenario) {
  const clients = new BareFanOut(scenario)
  return (socket: Socket): void => {
    socket.once('data', () => {
      const stop = clients.add(text => { socket.write(text, 'latin1') })
      socket.on('error', stop).on('close', stop).resume()
    })
  }
}
