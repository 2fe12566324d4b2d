/**
 * httprx, answering as a JSON API does: a record of fields and a serialized value, both created for each request.
 */
import { serve } from 'httprx'
import { GREETING } from '../scenario.js'

export async function start(): Promise<number> {
  const server = await serve(() => ({
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ message: GREETING }),
  }), { host: '127.0.0.1' }).listening
  return (server.address as { port: number }).port
}
