/**
 * For specs of the built package: dist/ must exist and be no older than the sources.
 */
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** The repository's root folder. */
export const ROOT = join(__dirname, '../..')

/** Throws unless this folder of dist/ was built after the last change of its sources. */
export function assertBuilt(folder: 'esm' | 'cjs' | 'demos' | 'bench'): void {
  const sources = folder === 'demos' || folder === 'bench' ? newest(folder, '.ts') : newest('lib', '.ts')
  const built = newest(`dist/${folder}`, '.js')
  if (built < sources) throw new Error(`dist/${folder} is missing or older than its sources: npm run build`)
}

/** Returns when the last file with this ending was changed, in milliseconds since 1970; 0 if there is none. */
function newest(folder: string, ending: string): number {
  if (!existsSync(join(ROOT, folder))) return 0
  const files = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
  const times = files.filter(file => file.endsWith(ending)).map(file => statSync(join(ROOT, folder, file)).mtimeMs)
  return Math.max(0, ...times)
}
