/**
 * V8 has shortcuts for promises and iterators, each of which it gives up for the whole process at the first use of
 * something unusual, such as an AsyncLocalStorage before Node 24. Then promises cost more, also those of the
 * application: so neither the import of the library nor its work may do such a thing.
 */
import { execFileSync } from 'node:child_process'
import { describe, expect, it } from '@jest/globals'
import { assertBuilt, ROOT } from '../helpers/built.js'

/** Loans (buffer/loan.ts) detach memory, as Node does for a Blob or the body of a Response. */
const ON_PURPOSE = 'ArrayBufferDetaching'

/** Runs a program in the package's folder. Returns which shortcuts V8 gave up. */
function givenUp(...lines: string[]): string[] {
  assertBuilt('esm')
  const flags = ['--trace-protector-invalidation', '--input-type=module', '-e', lines.join('\n')]
  const output = execFileSync(process.execPath, flags, { cwd: ROOT, encoding: 'utf8', timeout: 30_000 })
  expect(output).toContain('done')
  const names = [...output.matchAll(/^Invalidating protector cell (\w+)$/gm)].map(([, name]) => name)
  return names.filter(name => name !== ON_PURPOSE)
}

describe('the shortcuts of V8', () => {
  it('are named by this spec when they are given up', () => {
    const lines = ['Promise.prototype.then = Promise.prototype.then', 'console.log(\'done\')']
    expect(givenUp(...lines)).toEqual(['PromiseThenLookupChain'])
  })

  it('are kept by the import of the library', () => {
    expect(givenUp(
      'for (const part of [\'\', \'/sse\', \'/ws\', \'/hub\']) await import(`httprx${part}`)',
      'console.log(\'done\')',
    )).toEqual([])
  })

  it('are kept by requests with bodies of each kind', () => {
    expect(givenUp(
      'import { connect } from \'node:net\'',
      'import { of } from \'rxjs\'',
      'import { serve } from \'httprx\'',
      'import { sse } from \'httprx/sse\'',
      'async function* generator() { yield \'a generator\' }',
      'const bodies = {',
      '  \'/text\': () => ({ body: \'text\' }),',
      '  \'/promise\': async () => ({ body: \'a promise\' }),',
      '  \'/iterable\': () => ({ body: [\'an iterable\'] }),',
      '  \'/generator\': () => ({ body: generator() }),',
      '  \'/stream\': () => ({ body: ReadableStream.from([\'a stream\']) }),',
      '  \'/observable\': () => ({ body: of(\'an Observable\') }),',
      '  \'/events\': () => sse(of(\'an event\')),',
      '  \'/echo\': ({ body }) => ({ body }),',
      '  \'/read\': async ({ body }) => ({ body: await body.text() }),',
      '}',
      'const server = serve(reqd => bodies[reqd.target](reqd), { port: 0 })',
      'const { port } = await server.address',
      'for (const path of Object.keys(bodies)) await new Promise((resolve, reject) => {',
      '  const socket = connect(port).on(\'error\', reject).on(\'end\', resolve).resume()',
      '  const [method, length] = [\'/echo\', \'/read\'].includes(path) ? [\'POST\', 4] : [\'GET\', 0]',
      '  socket.write(`${method} ${path} HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n`)',
      '  socket.write(`Content-Length: ${length}\\r\\n\\r\\n${\'body\'.slice(0, length)}`)',
      '})',
      'await server.close()',
      'console.log(\'done\')',
    )).toEqual([])
  })
})
