/**
 * Streaming both ways: the body of the response is the body of the request.
 *
 * The body is pulled chunk by chunk, at the pace at which the client reads the echo. The server does not read from a
 * client that does not read, and never holds a whole body.
 *
 *     npm run demo -- echo
 *     curl -T - http://localhost:8080        (then type lines)
 */
import { serve } from 'httprx'

const server = serve(reqd => ({
  headers: { 'content-type': reqd.headers.get('content-type') ?? 'application/octet-stream' },
  body: reqd.body,
}), {
  host: 'localhost',
  port: Number(process.env['PORT'] ?? 8080),
})
await server.listening
console.log(server.url)
