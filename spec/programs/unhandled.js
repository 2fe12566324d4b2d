/**
 * A server whose handlers subscribe without an error handler, or with functions that throw. It prints what is reported,
 * and must go on.
 */
import { Response, serve } from 'httprx'
import { upgradeWebSocket } from 'httprx/ws'
import { map, NEVER, skip, startWith, throwError } from 'rxjs'

const fail = what => { throw new Error(what) }
const failLater = async what => { throw new Error(await what) }

/** By path; what is subscribed is subscribed as carelessly as it can be. */
const bodies = {
  '/text': body => body.text().subscribe(() => {}),
  '/bytes': body => body.bytes$.subscribe(() => {}),
  '/json': body => body.json().pipe(map(value => value.name.length)).subscribe(() => {}),
  '/concatMap': body => body.concatMap(chunk => [chunk]).subscribe(),
  '/observer': body => body.bytes$.subscribe({ next: () => {} }),
  '/twice': body => [body.text(), body.text()].forEach(text$ => text$.subscribe(() => {})),
  '/throws': body => body.text().subscribe(() => fail('in next')),
  '/chunk': body => body.bytes$.subscribe(() => fail('in a chunk')),
  '/piped': body => body.bytes$.pipe(map(() => fail('in map'))).subscribe(() => {}),
  '/complete': body => body.text().subscribe({ complete: () => fail('in complete') }),
  '/async': body => body.text().subscribe(() => failLater('in an async function')),
  '/failing': body => body.text().subscribe({ error: () => fail('in error') }),
}

const requests = {
  '/aborted': reqd => {
    reqd.aborted$.subscribe(() => fail('in aborted$'))
    return { body: NEVER.pipe(startWith('begun')) }
  },
  '/closed': reqd => {
    const body = reqd.respondWithStreaming(Response.create(200))
    body.closed$.subscribe(() => fail('in closed$'))
    body.write('begun')
  },
  '/ready': () => ({
    body: ready$ => {
      ready$.pipe(skip(1)).subscribe(() => fail('in ready$'))
      return NEVER.pipe(startWith('begun'))
    },
  }),
}

const messages = {
  '/ws/throws': ({ messages$ }) => messages$.subscribe(() => fail('in a message')),
  '/ws/async': ({ messages$ }) => messages$.subscribe(() => failLater('in an async message')),
  '/ws/piped': ({ messages$ }) => messages$.pipe(map(JSON.parse)).subscribe(() => {}),
  '/ws/project': connection => connection.concatMap(() => throwError(() => new Error('in a projection'))).subscribe(),
  '/ws/complete': ({ messages$ }) => messages$.subscribe({ complete: () => fail('at the end of messages') }),
  '/ws/closed': ({ closed$ }) => closed$.subscribe(() => fail('in closed$')),
  '/ws/twice': ({ messages$ }) => [messages$, messages$].forEach(one$ => one$.subscribe(() => {})),
}

let count = 0
const server = serve(reqd => {
  if (reqd.target === '/alive') return { body: 'alive' }
  if (reqd.target in messages) return void messages[reqd.target](upgradeWebSocket(reqd))
  if (reqd.target in requests) return requests[reqd.target](reqd)
  bodies[reqd.target](reqd.body)
}, {
  host: '127.0.0.1',
  onError: error => {
    console.log(`report ${count++}: ${error.message}`)
    if (error.message === 'in error') throw new Error('in onError')
  },
})
server.events$.subscribe(({ type }) => { if (type === 'timeout') fail('in events$') })
await server.listening
console.log(server.url)
process.once('SIGTERM', () => server.close({ graceMs: 0 }))
