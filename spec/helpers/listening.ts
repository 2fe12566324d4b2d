/**
 * Sends requests to a server of `listen`, which does not report its port.
 */
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { createServer, type AddressInfo } from 'node:net'

/** A port that is free at present. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => { server.close(resolve) })
  return port
}

/** The status of the response to a request on a new connection. While the port is closed, it is sent again. */
export async function status(port: number, path: string): Promise<number | undefined> {
  for (;;) {
    try {
      const sent = request({ port, host: '127.0.0.1', path, agent: false }).end()
      const [response] = await once(sent, 'response') as [IncomingMessage]
      response.resume()
      await once(response, 'end')
      return response.statusCode
    } catch (error) {
      if ((error as NodeJS.ErrnoException).syscall !== 'connect') throw error
    }
  }
}
