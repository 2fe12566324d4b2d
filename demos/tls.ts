/**
 * HTTPS: `tls` takes the options of `node:tls`, at least a key and a certificate.
 *
 * The pair beside this file is for demonstration only: the certificate is self-signed, its key is public, and its only
 * name is localhost. It was made with:
 *
 *     openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 36500 -subj /CN=localhost \
 *       -addext subjectAltName=DNS:localhost -keyout key.pem -out cert.pem
 *
 *     npm run demo -- tls
 *     curl --cacert demos/tls/cert.pem https://localhost:8080
 */
import { readFile } from 'node:fs/promises'
import { serve } from 'httprx'

const [key, cert] = await Promise.all(['key', 'cert'].map(
  name => readFile(new URL(`tls/${name}.pem`, import.meta.url))))

const server = serve(reqd => ({ body: `You asked for ${reqd.url.href}\n` }), {
  host: 'localhost',
  port: Number(process.env['PORT'] ?? 8080),
  tls: { key, cert },
})
await server.listening
console.log(server.url)
