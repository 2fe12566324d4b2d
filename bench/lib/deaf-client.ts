/**
 * Clients that ask for something and never read: `node deaf-client.js <port> <count>`. They stay until the channel
 * closes.
 */
import { once } from 'node:events'
import { connect } from 'node:net'

const [port, count] = process.argv.slice(2).map(Number)

process.on('disconnect', () => process.exit())
for (let index = 0; index < count; index++) {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  socket.pause()
  socket.write('GET /endless HTTP/1.1\r\nHost: bench\r\n\r\n')
}
process.send?.({ count })
