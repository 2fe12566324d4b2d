#!/usr/bin/env node
/**
 * `npx httprx`: the command line of the package.
 */
import { runCommand } from '../dist/esm/testing/replay-command.js'

const code = await runCommand(process.argv.slice(2), {
  out: text => process.stdout.write(text),
  err: text => process.stderr.write(text),
  load: url => import(url),
})
// A module of an application may have opened whatever it needs.
process.stdout.write('', () => process.exit(code))
