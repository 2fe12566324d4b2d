/**
 * The smallest server: the same reply to every request.
 *
 *     npm run demo -- hello
 *     curl http://localhost:8080
 */
import { serve } from 'httprx'

const server = serve(() => ({ body: 'Hello, world!\n' }), {
  host: 'localhost',
  port: Number(process.env['PORT'] ?? 8080),
})
await server.listening
console.log(server.url)
