/**
 * Runs one built program: `node etc/run.js <demos|bench> [name] [arguments …]`. Without a name it lists the names.
 */
import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

const [folder, name, ...rest] = process.argv.slice(2)
const built = join(dirname(import.meta.dirname), 'dist', folder)
const program = join(built, `${name ?? ''}.js`)

if (name !== undefined && existsSync(program)) {
  process.argv.splice(1, process.argv.length, program, ...rest)
  await import(pathToFileURL(program).href)
} else {
  const names = readdirSync(built).filter(file => file.endsWith('.js')).map(file => file.slice(0, -'.js'.length))
  console.error(`${name === undefined ? 'Which one?' : `There is no ${name}.`} In ${folder}: ${names.join(', ')}`)
  process.exitCode = 1
}
