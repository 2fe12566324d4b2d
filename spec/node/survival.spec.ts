/**
 * Events that must not end the process of a server, nor stop it for all: each in a process of its own.
 */
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { connect, type Socket } from 'node:net'
import { describe, expect, it } from '@jest/globals'
import { survivor } from '../helpers/survivor.js'

/** The status of the answer to a request. */
async function statusOf(port: number, path: string, method = 'GET', body = ''): Promise<number> {
  const sent = request({ host: '127.0.0.1', port, path, method, agent: false }).end(body)
  const [response] = await once(sent, 'response') as [IncomingMessage]
  response.on('error', () => undefined).resume()
  await new Promise(resolve => { response.on('close', resolve) })
  return response.statusCode ?? 0
}

/** A client that sends this text and stays connected. */
async function sending(port: number, text: string): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port }).on('error', () => undefined)
  await once(socket, 'connect')
  socket.write(text)
  return socket
}

const FILES = `
import { createReadStream } from 'node:fs'
import { EMPTY, of } from 'rxjs'
const file = () => createReadStream('/nope/nowhere')
const cases = {
  '/no-content': () => ({ status: 204, body: file() }),
  '/not-modified': () => ({ status: 304, body: file() }),
  '/field': () => ({ headers: { 'a b': 'c' }, body: file() }),
  '/status': () => ({ status: 1, body: file() }),
  '/twice': reqd => { reqd.respond({ body: 'it' }); reqd.respond({ body: file() }) },
  '/observable': () => of({ body: file() }),
  '/promise': async () => ({ body: file() }),
  '/trailers': () => ({ body: file(), trailers: { a: 'b' } }),
  '/directory': () => ({ body: createReadStream('/') }),
  '/fine': () => ({ body: 'it' }),
}`

describe('a process keeps running', () => {
  it.each([
    ['a promise', `{ body: readFile('/nope/nowhere') }`],
    ['a promise, without content', `{ status: 204, body: readFile('/nope/nowhere') }`],
    ['a function that promises', `{ body: async () => readFile('/nope/nowhere') }`],
    ['a stream that cannot be cancelled', `{ status: 204, body: new ReadableStream({ cancel() { open('ENOENT') } }) }`],
  ])('if a body is %s, and fails', async (_, reply) => {
    const { program, port } = await survivor(`reqd => reqd.target === '/fine' ? { body: 'it' } : (${reply})`, {
      head: `
import { readFile } from 'node:fs/promises'
const open = code => { throw new Error(code) }
`,
    })
    await statusOf(port, '/bad').catch(() => 0)
    await program.printed(/told .*ENOENT.* \/bad\n/)
    expect(await statusOf(port, '/fine')).toBe(200)
    expect(await program.stop()).toBe(0)
  })

  it('if a file that is a body, or would be, cannot be opened', async () => {
    const { program, port } = await survivor(`reqd => (cases[reqd.target] ?? (() => ({ body: file() })))(reqd)`, {
      head: FILES,
    })
    const targets = ['/no-content', '/not-modified', '/field', '/status', '/twice', '/observable', '/promise']
    for (const target of targets) {
      await statusOf(port, target).catch(() => 0)
      await program.printed(new RegExp(`told .* ${target}\n`))
    }
    await statusOf(port, '/head', 'HEAD')
    await program.printed(/told .*ENOENT.* \/head\n/)
    for (const target of ['/get', '/trailers', '/directory']) expect(await statusOf(port, target)).toBe(500)
    expect(await statusOf(port, '/fine')).toBe(200)
    expect(await program.stop()).toBe(0)
  })

  it('if a file cannot be opened while its body waits for the response before it', async () => {
    const { program, port } = await survivor(
      `reqd => reqd.target === '/1' ? { body: new Uint8Array(60000) } : { body: file() }`, { head: FILES })
    const client = await sending(port, 'GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n')
    await program.printed(/told .*ENOENT/)
    client.destroy()
    expect(await statusOf(port, '/1')).toBe(200)
    expect(await program.stop()).toBe(0)
  })

  it.each([
    ['reads text', 'reqd.body.text().subscribe(text => { console.log(text) })'],
    ['reads JSON', 'reqd.body.json().subscribe({ next: value => { console.log(value) } })'],
    ['reads chunks', 'reqd.body.bytes$.subscribe(() => { console.log("chunk") })'],
    ['subscribes to nothing', 'reqd.body.bytes$.subscribe()'],
    ['maps chunks', 'reqd.body.concatMap(chunk => [chunk]).pipe(map(String), filter(Boolean)).subscribe(() => {})'],
  ])('if a client leaves in mid-body and the handler, which %s, handles no error', async (_, code) => {
    const { program, port } = await survivor(`reqd => { console.log('begun'); ${code} }`, {
      head: `import { filter, map } from 'rxjs'`,
    })
    const client = await sending(port, 'POST /left HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nsome')
    await program.printed(/begun/)
    client.resetAndDestroy()
    await program.printed(/told ConnectionClosedError: .* \/left\n/)
    expect(await program.stop()).toBe(0)
  })

  it.each([
    ['the signal', `reqd.signal.addEventListener('abort', fail)`],
    ['the signal, as an object', `reqd.signal.addEventListener('abort', { handleEvent: fail }, { once: true })`],
    ['the signal, as onabort', 'reqd.signal.onabort = fail'],
    ['the signal, which rejects', `reqd.signal.addEventListener('abort', async () => fail())`],
    ['aborted$', 'reqd.aborted$.subscribe(fail)'],
    ['aborted$, which rejects', 'reqd.aborted$.subscribe(async () => fail())'],
    ['the end of aborted$', 'reqd.aborted$.subscribe({ complete: fail })'],
    ['the end of aborted$, which rejects', 'reqd.aborted$.subscribe({ complete: async () => fail() })'],
    ['the end of closing$', 'reqd.closing$.subscribe({ complete: fail })'],
    ['the error of a body, which rejects', 'reqd.body.text().subscribe({ error: async () => fail() })'],
  ])('if a listener to %s throws as the client leaves', async (_, code) => {
    const { program, port } = await survivor(`reqd => { ${code}; console.log('begun') }`, {
      head: `const fail = () => { throw new Error('of a listener') }`,
    })
    const client = await sending(port, 'POST /left HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nsome')
    await program.printed(/begun/)
    client.resetAndDestroy()
    await program.printed(/told Error: of a listener \/left\n/)
    expect(await program.stop()).toBe(0)
  })

  it.each([
    ['closing$', 'reqd.closing$.subscribe(fail)', '/closed'],
    ['closing$, which rejects', 'reqd.closing$.subscribe(async () => fail())', '/closed'],
    ['draining$', 'server.draining$.subscribe(fail)', 'none'],
    ['draining$, which rejects', 'server.draining$.subscribe({ complete: async () => fail() })', 'none'],
    ['the events', `server.events$.subscribe(({ type }) => { if (type === 'close') fail() })`, 'none'],
    ['the requests, which rejects', 'server.requests$.subscribe({ complete: async () => fail() })', 'none'],
    ['the connections', 'server.connections$.subscribe({ complete: fail })', 'none'],
  ])('if a listener to %s throws as the server closes', async (_, code, target) => {
    const { program, port } = await survivor(`reqd => { ${code}; console.log('begun') }`, {
      head: `const fail = () => { throw new Error('of a listener') }`,
    })
    const client = await sending(port, 'GET /closed HTTP/1.1\r\nHost: a\r\n\r\n')
    await program.printed(/begun/)
    expect(await program.stop()).toBe(0)
    expect(program.output).toContain(`told Error: of a listener ${target}\n`)
    client.destroy()
  })

  it('if a subscriber of a body throws, and the request is answered', async () => {
    const { program, port } = await survivor(
      `reqd => { reqd.body.text().subscribe(text => { reqd.respond({ body: JSON.parse(text).a.b }) }) }`)
    expect(await statusOf(port, '/bad', 'POST', 'no JSON')).toBe(500)
    await program.printed(/told SyntaxError.* \/bad\n/)
    expect(await program.stop()).toBe(0)
  })

  it('if the error of a body that is too large, or not JSON, is not handled, and the request is answered', async () => {
    const { program, port } = await survivor(
      `reqd => { reqd.body.json(5).subscribe(value => { reqd.respond({ body: String(value) }) }) }`)
    expect(await statusOf(port, '/large', 'POST', '"123456"')).toBe(413)
    expect(await statusOf(port, '/none', 'POST', '{')).toBe(400)
    expect(await statusOf(port, '/', 'POST', '1')).toBe(200)
    expect(await program.stop()).toBe(0)
  })

  it.each([
    ['throws', `() => { throw new Error('of its own') }`],
    ['rejects', `async () => { throw new Error('of its own') }`],
  ])('if onError %s', async (_, onError) => {
    const { program, port } = await survivor(`() => { throw new Error('of the handler') }`, {
      options: `onError: ${onError}`,
    })
    const client = await sending(port, 'no request\r\n\r\n')
    await program.printed(/of its own/)
    client.destroy()
    expect(await statusOf(port, '/')).toBe(500)
    expect(await program.stop()).toBe(0)
  })
})

describe('other connections continue', () => {
  it.each([
    ['a page function', 'pulled(() => [])'],
    ['a page function that promises', 'pulled(async () => [])'],
    ['a page function of empty chunks', `pulled(async () => [''])`],
    ['a generator', `(function* () { for (;;) yield '' })()`],
    ['an asynchronous generator', `(async function* () { for (;;) yield new Uint8Array(0) })()`],
    ['a web stream', `new ReadableStream({ pull(controller) { controller.enqueue('') } })`],
    ['a stream of Node', `Readable.from((function* () { for (;;) yield '' })(), { objectMode: true })`],
    ['a function that answers at once', `ready$ => ready$.pipe(map(() => ''))`],
    ['a function that answers by promises', `ready$ => ready$.pipe(concatMap(async () => ''))`],
    ['a publisher', `fromPublisher(empty)`],
    ['a body subject that is fed', null],
  ])('beside %s that is empty for ever', async (_, body) => {
    const endless = body === null
      ? `void feed(reqd.respondWithStreaming(Response.create(200)))`
      : `{ body: ${body} }`
    const { program, port } = await survivor(
      `reqd => { if (reqd.target === '/fine') return { body: 'it' }; console.log('begun'); return ${endless} }`, {
        head: `
import { Readable } from 'node:stream'
import { concatMap, map } from 'rxjs'
import { fromPublisher, pulled, Response } from '${process.cwd()}/dist/esm/index.js'
const empty = { subscribe(subscriber) { subscriber.onSubscribe({ request() { subscriber.onNext('') }, cancel() {} }) } }
const feed = subject => { subject.ready$.subscribe(() => { subject.write('') }) }
` })
    const client = await sending(port, 'GET /endless HTTP/1.1\r\nHost: a\r\n\r\n')
    await program.printed(/begun/)
    expect(await statusOf(port, '/fine')).toBe(200)
    client.destroy()
    expect(await statusOf(port, '/fine')).toBe(200)
    expect(await program.stop()).toBe(0)
  })
})
