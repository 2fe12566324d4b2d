/**
 * docs/recipes.md keeps its word: each recipe compiles, is served over a socket and does what it says.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { NEVER } from 'rxjs'
import type { BodySource, Handler, Reply } from '../lib/index.js'
import { ROOT } from './helpers/built.js'
import { codeBlocks, compileBlocks, transpileCommonJs } from './helpers/markdown.js'
import { connect, next, signal, standstill, start } from './helpers/net.js'

const BLOCKS = codeBlocks(readFileSync(join(ROOT, 'docs/recipes.md'), 'utf8'))

/** The exports of all blocks together. */
interface Recipes {
  ndjson: (work: (line: unknown) => Promise<unknown>) => Handler
  tokens: (model: (prompt: string, signal: AbortSignal) => AsyncIterable<string>) => Handler
  gzipped: (body: BodySource) => Reply
  upload: (directory: string, fileSize: number) => Handler
  rows: (statement: { iterate(): Iterable<unknown> }) => Handler
  csv: (columns: readonly string[], records: Iterable<Record<string, unknown>>) => Handler
  files: (root: string) => Handler
}

const recipes = {} as Recipes
let directory = ''

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'httprx-recipes-'))
  for (const block of BLOCKS) {
    // eslint-disable-next-line @typescript-eslint/no-implied-eval
    const program = new Function('require', 'exports', transpileCommonJs(block)) as
      (load: typeof require, exports: object) => void
    program(require, recipes)
  }
})
afterAll(() => { rmSync(directory, { recursive: true }) })

/** A table with a number of rows; it counts the requested ones, and records whether its cursor was closed. */
class Table {
  given = 0
  readonly closed = signal()
  private readonly count: number

  constructor(count: number) {
    this.count = count
  }

  * iterate(): Generator<Record<string, unknown>> {
    try {
      while (this.given < this.count) yield { id: this.given++, name: 'a, "b"', filler: 'x'.repeat(500) }
    } finally {
      this.closed.resolve()
    }
  }
}

/** Lets a client request a body and not read it, waits until no more rows are requested, and lets the client leave. */
async function stalled(handler: Handler, table: Table): Promise<void> {
  const server = await start(handler)
  const client = await connect(server)
  client.socket.pause()
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await standstill(() => table.given)
  client.socket.destroy()
  await table.closed.promise
}

it('each recipe compiles', () => {
  expect(BLOCKS.map(({ kind }) => kind)).toEqual(Array(7).fill('ts'))
  expect(compileBlocks(BLOCKS)).toEqual(Array(7).fill(''))
})

describe('lines of JSON, both ways', () => {
  it('are processed one after the other, and answered in order', async () => {
    const { url } = await start(recipes.ndjson(line => Promise.resolve({ ...line as object, seen: true })))
    const lines = Array.from({ length: 5_000 }, (_, n) => JSON.stringify({ n, word: 'é' }))
    const response = await fetch(url, { method: 'POST', body: lines.map(line => `${line}\n`).join('') })
    const answers = (await response.text()).trimEnd().split('\n').map(line => JSON.parse(line) as unknown)
    expect(answers).toEqual(lines.map((_, n) => ({ n, word: 'é', seen: true })))
  })
})

describe('lines of JSON that are not as usual', () => {
  const answer = async (body: string | string[]): Promise<[number, string]> => {
    const { url } = await start(recipes.ndjson(line => Promise.resolve(line)), { onError: () => undefined })
    const bytes = ReadableStream.from([body].flat().map(text => new TextEncoder().encode(text)))
    const response = await fetch(url, { method: 'POST', body: bytes, duplex: 'half' })
    return [response.status, await response.text()]
  }

  it.each([
    ['no line', '', ''],
    ['a last line without its end', '{"a":1}\n{"a":2}', '{"a":1}\n{"a":2}\n'],
    ['empty lines', '\n{"a":1}\n\r\n\n{"a":2}\r\n', '{"a":1}\n{"a":2}\n'],
  ])('are answered: %s', async (_, body, text) => {
    expect(await answer(body)).toEqual([200, text])
  })

  it('are refused if they are not JSON', async () => {
    expect((await answer('{"a":\n'))[0]).toBe(400)
  })

  it('are refused if one of them does not end', async () => {
    expect((await answer(Array<string>(40).fill('x'.repeat(32_768))))[0]).toBe(413)
  })
})

describe('tokens of a language model', () => {
  it('are sent as events, and the upstream is aborted when the client leaves', async () => {
    const aborted = signal()
    const server = await start(recipes.tokens(async function *(prompt, abort) {
      abort.addEventListener('abort', () => { aborted.resolve() })
      yield `${prompt}!`
      await next(NEVER)
    }))
    const client = await connect(server)
    await client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi').receives('data: hi!\n\n')
    client.socket.destroy()
    await aborted.promise
  })

  it('are replaced by a status if the model refuses', async () => {
    const { url } = await start(recipes.tokens(async function *() {
      await Promise.reject(Object.assign(new Error('too many'), { status: 429 }))
      yield ''
    }))
    expect((await fetch(url, { method: 'POST', body: 'hi' })).status).toBe(429)
  })
})

describe('a compressed body', () => {
  it('decompresses to the original', async () => {
    const server = await start(() => recipes.gzipped(Array<string>(1_000).fill('a line\n')))
    const response = await fetch(server.url)
    expect(response.headers.get('content-encoding')).toBe('gzip')
    expect(await response.text()).toBe('a line\n'.repeat(1_000))
    expect(gunzipSync(await rawBody(server))).toHaveLength(7_000)
  })

  it('waits for a client that does not read, and ends with it', async () => {
    const table = new Table(1e9)
    // Incompressible bytes, so that the client's buffers fill up.
    let seed = 1
    const noise = function *(): Generator<Uint8Array> {
      for (const row of table.iterate()) {
        yield Uint8Array.from({ length: 20_000 }, () => (seed = seed * 48_271 % 2_147_483_647) + Number(row['id']))
      }
    }
    await stalled(() => recipes.gzipped(noise()), table)
  })
})

/** The bytes of a body as they were sent, in chunks. */
async function rawBody(server: Awaited<ReturnType<typeof start>>): Promise<Buffer> {
  const client = await connect(server)
  await client.send('GET / HTTP/1.0\r\n\r\n').all()
  const text = client.received
  return Buffer.from(text.slice(text.indexOf('\r\n\r\n') + 4), 'latin1')
}

/** A form whose end is missing. */
const CUT_FORM = '--x\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\nabc'

describe('a form with files', () => {
  const post = (url: string, bytes: number): Promise<Response> => {
    const form = new FormData()
    form.append('file', new Blob([new Uint8Array(bytes)]), 'a.bin')
    return fetch(url, { method: 'POST', body: form })
  }

  it('is written to disk', async () => {
    const folder = mkdtempSync(join(directory, 'upload-'))
    const { url } = await start(recipes.upload(folder, 1e6))
    expect(await (await post(url, 300_000)).text()).toBe('1 saved\n')
    expect(readdirSync(folder).map(name => readFileSync(join(folder, name)).length)).toEqual([300_000])
  })

  it('is answered with 400 if it is not a form, or ends within a file', async () => {
    const folder = mkdtempSync(join(directory, 'upload-'))
    const { url } = await start(recipes.upload(folder, 1e6), { onError: () => undefined })
    const type = 'multipart/form-data; boundary=x'
    const bodies = [['', 'hi'], ['text/plain', 'hi'], ['multipart/form-data', 'hi'], [type, ''], [type, CUT_FORM]]
    for (const [contentType, body] of bodies) {
      expect((await fetch(url, { method: 'POST', body, headers: { 'content-type': contentType } })).status).toBe(400)
    }
    expect(readdirSync(folder)).toEqual([])
  })

  it('is answered with 500 if a file cannot be written, however large it is', async () => {
    const { url } = await start(recipes.upload(join(directory, 'nowhere'), 1e8), { onError: () => undefined })
    expect((await post(url, 100)).status).toBe(500)
    expect((await post(url, 3_000_000)).status).toBe(500)
  })

  it('is answered with 413 if a file is too large, and leaves no file behind', async () => {
    const folder = mkdtempSync(join(directory, 'upload-'))
    const { url } = await start(recipes.upload(folder, 1_000))
    expect((await post(url, 30_000)).status).toBe(413)
    expect(readdirSync(folder)).toEqual([])
  })
})

describe('rows of a database', () => {
  const sqlite = (process as { getBuiltinModule?: (name: string) => unknown }).getBuiltinModule?.('node:sqlite') as
    { DatabaseSync: new (path: string) => Database } | undefined
  interface Database {
    exec(sql: string): void
    prepare(sql: string): { iterate?(): Iterable<unknown> }
  }

  const withCursor = sqlite !== undefined
  ;(withCursor ? it : it.skip)('come from a cursor of node:sqlite', async () => {
    const database = new sqlite!.DatabaseSync(':memory:')
    database.exec('CREATE TABLE words (id INTEGER, word TEXT)')
    database.exec(`INSERT INTO words VALUES ${Array.from({ length: 500 }, (_, n) => `(${n}, 'w${n}')`).join(',')}`)
    const { url } = await start(recipes.rows(database.prepare('SELECT * FROM words ORDER BY id') as never))
    const lines = (await (await fetch(url)).text()).trimEnd().split('\n')
    expect(lines.map(line => JSON.parse(line) as unknown)).toEqual(
      Array.from({ length: 500 }, (_, id) => ({ id, word: `w${id}` })))
  })

  it('are not asked for by HEAD, so no cursor stays open', async () => {
    let opened = 0
    const { url } = await start(recipes.rows({ iterate: () => [opened++] }))
    expect((await fetch(url, { method: 'HEAD' })).status).toBe(200)
    expect(opened).toBe(0)
  })

  it('wait for a client that does not read, and the cursor is closed when it leaves', async () => {
    const table = new Table(1e9)
    await stalled(recipes.rows(table), table)
  })
})

describe('a table as CSV', () => {
  it('has a line of names, and quotes values where necessary', async () => {
    const { url } = await start(recipes.csv(['id', 'name'], new Table(250).iterate()))
    const lines = (await (await fetch(url)).text()).split('\r\n')
    expect(lines.slice(0, 2)).toEqual(['id,name', '0,"a, ""b"""'])
    expect(lines).toHaveLength(252)
  })

  it('has empty cells where there is no value', async () => {
    const { url } = await start(recipes.csv(['id', 'name'], [{ id: 0, name: null }, { id: 1 }]))
    expect(await (await fetch(url)).text()).toBe('id,name\r\n0,\r\n1,\r\n')
  })

  it('waits for a client that does not read', async () => {
    const table = new Table(1e9)
    await stalled(recipes.csv(['id', 'filler'], table.iterate()), table)
  })
})

describe('a file, with ranges', () => {
  it('is sent whole, in part, or not at all if it is unchanged', async () => {
    writeFileSync(join(directory, 'letters.txt'), 'abcdefghij')
    const server = await start(recipes.files(directory))
    const { url } = server
    const whole = await fetch(new URL('letters.txt', url))
    expect([whole.status, await whole.text()]).toEqual([200, 'abcdefghij'])
    const part = await fetch(new URL('letters.txt', url), { headers: { range: 'bytes=2-4' } })
    expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([206, 'bytes 2-4/10', 'cde'])
    // Not by fetch, which adds Cache-Control: no-cache to conditional requests.
    const client = await connect(server)
    const condition = `If-None-Match: ${whole.headers.get('etag')}`
    client.send(`GET /letters.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${condition}\r\n\r\n`)
    expect(await client.all()).toMatch(/^HTTP\/1\.1 304 /)
    expect((await fetch(new URL('nowhere.txt', url))).status).toBe(404)
    const post = await fetch(new URL('letters.txt', url), { method: 'POST', body: 'x' })
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  })
})
