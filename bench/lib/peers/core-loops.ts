/**
 * The bare core behind two loops without time limits, events or RxJS. It is for well-behaved clients only: it neither
 * waits for sockets to drain nor closes in stages.
 */
import { createServer, type Socket } from 'node:net'
import { IOVec, Response, ServerConnection } from 'httprx/core'
import { GREETING } from '../scenario.js'
import { readShared } from '../shared-reads.js'
import { listening } from './listening.js'

export function start(): Promise<number> {
  let date = new Date().toUTCString()
  setInterval(() => { date = new Date().toUTCString() }, 1000).unref()
  const options = { config: { date: () => date } }
  return listening(createServer({ noDelay: true, pauseOnConnect: true }, socket => {
    const connection = ServerConnection.create(reqd => {
      reqd.respondWithString(Response.create(200), GREETING)
    }, options)
    socket.on('error', () => undefined)
    readShared(socket, bytes => {
      read(connection, bytes)
      write(connection, socket)
    })
  }))
}

function read(connection: ServerConnection, bytes: Uint8Array): void {
  const consumed = connection.readLent(bytes, 0, bytes.length)
  if (consumed < bytes.length) throw new Error('the load has requests in pieces')
}

function write(connection: ServerConnection, socket: Socket): void {
  for (;;) {
    const operation = connection.nextWriteOperation()
    if (operation.type === 'close') return void socket.end()
    if (operation.type !== 'write') return
    for (const iovec of operation.iovecs) socket.write(IOVec.view(iovec))
    connection.reportWriteResult({ type: 'ok', count: IOVec.lengthv(operation.iovecs) })
  }
}
