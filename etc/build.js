/**
 * Builds what is asked for into dist/, or everything: `node etc/build.js [--clean] [esm] [cjs] [programs]`.
 *
 *   esm       the library as ES modules: the compiler writes dist/modules, and bundle.js makes dist/esm of them
 *   cjs       the library as CommonJS
 *   programs  demos and benchmarks; they import the library by its name, so `esm` has to be there
 */
import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, extname } from 'node:path'
import { bundle } from './bundle.js'

const TSC = createRequire(import.meta.url).resolve('typescript/bin/tsc')
const COMMONJS = [
  '--outDir', 'dist/cjs', '--declarationDir', 'dist/cjs',
  '--module', 'commonjs', '--moduleResolution', 'bundler', '--verbatimModuleSyntax', 'false',
]

/** Runs the compiler; its messages go to our output, and its failure is ours. */
function tsc(...options) {
  return new Promise((resolve, reject) => {
    const compiler = spawn(process.execPath, [TSC, ...options], { stdio: 'inherit' })
    compiler.on('error', reject)
    compiler.on('exit', code => code === 0 ? resolve() : reject(new Error(`tsc ${options.join(' ')} failed`)))
  })
}

const isAsset = source => extname(source) !== '.ts'

const parts = {
  async esm() {
    await tsc('-p', 'tsconfig.build.json')
    await bundle()
  },
  async cjs() {
    await tsc('-p', 'tsconfig.build.json', ...COMMONJS)
    writeFileSync('dist/cjs/package.json', '{ "type": "commonjs" }\n')
  },
  async programs() {
    await tsc('-p', 'tsconfig.programs.json')
    mkdirSync('dist/demos', { recursive: true })
    // Pages, styles and keys lie beside the program that reads them, as in the sources.
    cpSync('demos', 'dist/demos', { recursive: true, filter: isAsset })
  },
}

/** What each part leaves in dist/. */
const folders = { esm: ['modules', 'esm'], cjs: ['cjs'], programs: ['demos', 'bench', 'spec'] }

process.chdir(dirname(import.meta.dirname))
const words = process.argv.slice(2)
const asked = words.filter(word => word in parts)
const chosen = asked.length > 0 ? asked : Object.keys(parts)
try {
  const stale = words.includes('--clean') ? chosen.flatMap(part => folders[part]) : []
  for (const folder of stale) rmSync(`dist/${folder}`, { recursive: true, force: true })
  await Promise.all(chosen.filter(part => part !== 'programs').map(part => parts[part]()))
  if (chosen.includes('programs')) await parts.programs()
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
}
