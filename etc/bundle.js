/**
 * Bundles the library's ES modules, which the compiler has left in dist/modules, into dist/esm: a file for each entry
 * of the package, and chunks for what entries share. Node takes half a millisecond for each file that it loads, and
 * the library has 240.
 *
 * RxJS is taken from `rxjs/internal/…`, one file for each name, where the sources say `rxjs`: its index loads all of
 * its 200 files. The conditions of both in RxJS's package.json are the same, so an application that imports `rxjs`
 * has the same classes, schedulers and `config` as we do; spec/rxjs-instances.spec.ts shows it.
 */
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { rollup } from 'rollup'

const MODULES = 'dist/modules'
const BUNDLED = 'dist/esm'
/** What the package runs without exporting it. */
const COMMANDS = ['testing/replay-command']

/** Where RxJS's index takes each name from, as `Subject` from `internal/Subject`. */
function rxjsFiles() {
  const manifest = createRequire(import.meta.url).resolve('rxjs/package.json')
  const index = readFileSync(join(dirname(manifest), 'dist/types/index.d.ts'), 'utf8')
  const exports = [...index.matchAll(/^export \{ (.+) \} from '\.\/(.+)';$/gm)]
  return new Map(exports.flatMap(([, names, file]) => names.split(', ').map(name => [name, file])))
}

/** Reads what the compiler wrote, with its map back to the sources, and takes RxJS apart. */
function compiled() {
  const files = rxjsFiles()
  const fromFile = name => {
    const file = files.get(name.split(' as ')[0])
    if (file === undefined) throw new Error(`RxJS's index exports no ${name}`)
    return `import { ${name} } from 'rxjs/${file}';`
  }
  // The lines stay as many, so that the map stays true.
  const fromFiles = (statement, names) =>
    names.split(',').map(name => name.trim()).filter(Boolean).map(fromFile).join(' ') + statement.replace(/[^\n]/g, '')
  return {
    name: 'compiled',
    load(id) {
      const code = readFileSync(id, 'utf8')
        .replace(/^import \{([^}]*)\} from 'rxjs';$/gm, fromFiles)
      if (/^(import|export)\b.* from 'rxjs';/m.test(code)) throw new Error(`${id} does not import RxJS by names`)
      return { code, map: readFileSync(`${id}.map`, 'utf8') }
    },
  }
}

/** The entries of the package by the names of their files, as `ws/index`. */
function entries() {
  const { exports } = JSON.parse(readFileSync('package.json', 'utf8'))
  const files = Object.values(exports).filter(target => typeof target === 'object').map(target => target.import.default)
  const names = files.map(file => file.slice(`./${BUNDLED}/`.length, -'.js'.length))
  return Object.fromEntries([...names, ...COMMANDS].map(name => [name, `${MODULES}/${name}.js`]))
}

/** Writes the bundles, and removes what an earlier build left there. */
export async function bundle() {
  const bundles = await rollup({
    input: entries(),
    external: id => !/^[./]/.test(id),
    plugins: [compiled()],
    treeshake: { moduleSideEffects: false },
    onwarn: warning => { throw new Error(warning.message) },
  })
  const { output } = await bundles.write({
    dir: BUNDLED,
    sourcemap: true,
    hoistTransitiveImports: false,
    minifyInternalExports: false,
    chunkFileNames: 'chunks/[name].js',
  })
  await bundles.close()
  const written = new Set(output.map(({ fileName }) => join(fileName)))
  for (const file of readdirSync(BUNDLED, { recursive: true, encoding: 'utf8' })) {
    if (/\.js(\.map)?$/.test(file) && !written.has(file)) rmSync(join(BUNDLED, file))
  }
}
