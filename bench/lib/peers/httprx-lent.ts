/**
 * Us, taking uploads whose chunks are lent.
 */
import { map, reduce } from 'rxjs'
import { serve, type Handler } from 'httprx'
import { certificate } from '../certificate.js'
import { transportOf, type Scenario } from '../scenario.js'

const upload: Handler = reqd => reqd.body.lent$.pipe(
  reduce((count, bytes) => count + bytes.length, 0),
  map(count => ({ body: String(count) })))

export async function start(scenario: Scenario): Promise<number> {
  const { isEncrypted } = transportOf(scenario)
  const tls = isEncrypted ? { tls: certificate } : {}
  const server = await serve(upload, { host: '127.0.0.1', ...tls }).listening
  return (server.address as { port: number }).port
}
