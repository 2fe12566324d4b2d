/**
 * One of several processes that share a port: it answers with its number, and ends on SIGTERM.
 */
import { serve } from 'httprx'

const server = serve(() => ({ headers: { connection: 'close' }, body: String(process.pid) }), {
  host: '127.0.0.1', port: Number(process.env.PORT), reusePort: true,
})
await server.listening
console.log(server.url)
process.once('SIGTERM', () => server.close({ graceMs: 0 }))
