/**
 * Small server programs for specs about events that must not end a process: the spec's own process would not show it.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { assertBuilt, ROOT } from './built.js'
import { afterwards } from './net.js'
import { Program } from './program.js'

let count = 0

/**
 * Starts a program that serves with `handler`, which is the source text of one, and resolves with it and its port once
 * it listens. It prints `told <error> <target>` for each error that is reported; on SIGTERM it closes and ends with 0.
 * `head` is code that precedes it, and `options` are those of `serve`.
 */
export async function survivor(
  handler: string, { head = '', options = '' } = {},
): Promise<{ readonly program: Program; readonly port: number }> {
  assertBuilt('esm')
  const folder = join(ROOT, 'dist/survivors')
  const file = join(folder, `${process.pid}-${++count}.mjs`)
  mkdirSync(folder, { recursive: true })
  writeFileSync(file, `
import { serve } from '${join(ROOT, 'dist/esm/index.js')}'
${head}
const onError = (error, reqd) => { console.log('told', String(error), reqd?.target ?? 'none') }
const server = serve(${handler}, { host: '127.0.0.1', onError, ${options} })
process.on('SIGTERM', () => { void server.close({ graceMs: 0 }) })
await server.listening
console.log('listens on', server.url)
`)
  const program = new Program(file, {})
  afterwards(() => program.stop())
  const [, port] = /:(\d+)$/.exec(await program.address()) ?? []
  return { program, port: Number(port) }
}
