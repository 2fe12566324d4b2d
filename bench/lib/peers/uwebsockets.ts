/**
 * uWebSockets.js, an HTTP server in C++, if it is installed.
 */
import { GREETING } from '../scenario.js'

interface App {
  any(pattern: string, handler: (response: { end(text: string): void }) => void): App
  listen(host: string, port: number, listening: (socket: object | false) => void): App
}

interface Module {
  App(): App
  us_socket_local_port(socket: object): number
}

export async function start(): Promise<number> {
  const name = 'uWebSockets.js'
  const { default: module } = await import(name) as { default: Module }
  return new Promise((resolve, reject) => {
    module.App().any('/*', response => { response.end(GREETING) }).listen('127.0.0.1', 0, socket => {
      if (socket === false) reject(new Error('uWebSockets.js does not listen'))
      else resolve(module.us_socket_local_port(socket))
    })
  })
}
