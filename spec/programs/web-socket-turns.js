/**
 * A server that counts the messages of each connection, and how many of one connection it got within one turn of the
 * event loop. A client that says `end` is told its count; at the end the program prints the most of a turn.
 */
import { once } from 'node:events'
import { setImmediate } from 'node:timers'
import { serve } from 'httprx'
import { upgradeWebSocket } from 'httprx/ws'

let most = 0

/** Counts events until the next turn of the event loop. */
function turnCounter() {
  let count = 0
  return () => {
    if (count++ === 0) setImmediate(() => { count = 0 })
    most = Math.max(most, count)
  }
}

const server = serve(reqd => {
  const connection = upgradeWebSocket(reqd)
  const inTurn = turnCounter()
  let count = 0
  let bytes = 0
  connection.messages$.subscribe(message => {
    if (message === 'end') return connection.next(`${count} messages, ${bytes} bytes`)
    inTurn()
    count++
    bytes += message.length
  })
}, { host: '127.0.0.1' })
await server.listening
console.log(server.url)
await once(process, 'SIGTERM')
await server.close({ graceMs: 0 })
console.log(`at most ${most} in a turn`)
