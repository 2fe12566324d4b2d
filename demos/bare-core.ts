/**
 * The state machine alone: no socket, no RxJS, no clock. It is asked what to do next, and told what came of it.
 *
 *     npm run demo -- bare-core
 */
import { IOVec, Response, ServerConnection } from 'httprx/core'

const connection = ServerConnection.create(reqd => {
  const { method, target } = reqd.request
  console.log(`handler: ${method} ${target}`)
  reqd.respondWithString(Response.create(200), `You asked for ${target}\n`)
})

let waiting = ''

/** Offers bytes. What is not consumed is offered again, with what follows. */
function feed(text: string): void {
  const bytes = new TextEncoder().encode(waiting + text)
  console.log(`next read operation: ${connection.nextReadOperation()}`)
  const consumed = connection.read(bytes, 0, bytes.length)
  console.log(`read: ${consumed} of ${bytes.length} bytes consumed`)
  waiting = new TextDecoder().decode(bytes.subarray(consumed))
}

/** Writes what is to be written, at most `size` bytes at once. */
function drain(size: number): void {
  for (;;) {
    const operation = connection.nextWriteOperation()
    console.log(`next write operation: ${operation.type}`)
    if (operation.type !== 'write') return
    const bytes = operation.iovecs.map(iovec => IOVec.view(iovec))
    const count = Math.min(size, IOVec.lengthv(operation.iovecs))
    console.log(JSON.stringify(Buffer.concat(bytes).toString('latin1', 0, count)))
    connection.reportWriteResult({ type: 'ok', count })
  }
}

feed('GET /one HTT')
drain(1000)
feed('P/1.1\r\nHost: test\r\n\r\nGET /two HTTP/1.1\r\nHost: test\r\n')
drain(30)
feed('Connection: close\r\n\r\n')
drain(1000)
console.log(`next read operation: ${connection.nextReadOperation()}`)
console.log(`closed: ${connection.isClosed}`)
