/**
 * Servers in other languages, compiled once; their sources are beside the peers.
 */
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const SOURCES = fileURLToPath(new URL('../../../bench/lib/peers/', import.meta.url))
const BUILT = fileURLToPath(new URL('../../peers/', import.meta.url))

/** The command that compiles a source to `server` in its folder. */
export type Compile = (source: string, folder: string) => readonly [program: string, args: readonly string[]]

/** Returns the program of a source, and compiles it first if necessary. Compilers write beside it, into dist/. */
export function compiled(name: string, file: string, compile: Compile): string {
  const folder = join(BUILT, name)
  const [source, program] = [join(folder, file), join(folder, 'server')]
  const original = join(SOURCES, name, file)
  if (existsSync(program) && statSync(program).mtimeMs > statSync(original).mtimeMs) return program
  mkdirSync(folder, { recursive: true })
  copyFileSync(original, source)
  const [command, args] = compile(source, folder)
  const { status, stderr } = spawnSync(command, args, { cwd: folder, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} failed:\n${stderr}`)
  return program
}
