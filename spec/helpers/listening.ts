/**
 * What it takes to ask a server of `listen`, which tells nobody its port.
 */
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { createServer, type AddressInfo } from 'node:net'

/** A port that nobody listens on just now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => { server.close(resolve) })
  return port
}

/** The status of the answer to a request on a connection of its own. While nobody listens, it is sent again. */
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
