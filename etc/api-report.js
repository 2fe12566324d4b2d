/**
 * Writes the public surface of each entry point to etc/api/, from the declarations in dist/esm. With `--check [folder]`
 * it writes nothing there and fails where the surface differs from the reports in that folder.
 */
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor'

const ROOT = dirname(import.meta.dirname)
const FRESH = join(ROOT, 'dist/api')
const [flag, folder = 'etc/api'] = process.argv.slice(2)
const isCheck = flag === '--check'
const REPORTS = resolve(ROOT, folder)

// Every export is public here: what is not carries @internal and is stripped from the declarations.
const MESSAGES = {
  compilerMessageReporting: { default: { logLevel: 'error' } },
  extractorMessageReporting: {
    default: { logLevel: 'warning', addToApiReportFile: true },
    'ae-missing-release-tag': { logLevel: 'none' },
    // Its line numbers would change the report with every edit.
    'ae-undocumented': { logLevel: 'none' },
  },
  tsdocMessageReporting: { default: { logLevel: 'none' } },
}

/** The file name of an entry's report: `httprx.api.md` for `.`, `httprx-core.api.md` for `./core`. */
function reportName(entry) {
  return `httprx${entry.slice(1).replaceAll('/', '-')}.api.md`
}

function configFor(entry, declarations) {
  return ExtractorConfig.prepare({
    configObjectFullPath: undefined,
    packageJsonFullPath: join(ROOT, 'package.json'),
    configObject: {
      projectFolder: ROOT,
      mainEntryPointFilePath: join(ROOT, declarations),
      compiler: { tsconfigFilePath: join(ROOT, 'tsconfig.build.json') },
      apiReport: { enabled: true, reportFileName: reportName(entry), reportFolder: REPORTS, reportTempFolder: FRESH },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      messages: MESSAGES,
    },
  })
}

function silence(message) {
  message.handled = true
  if (message.category === 'Compiler') console.error(message.formatMessageWithLocation(ROOT))
}

/** Returns whether the report of this entry was, or is now, what the declarations say. */
function report(entry, declarations) {
  Extractor.invoke(configFor(entry, declarations), { localBuild: !isCheck, messageCallback: silence })
  const [kept, fresh] = [REPORTS, FRESH].map(place => join(place, reportName(entry)))
  const isSame = existsSync(kept) && readFileSync(kept, 'utf8') === readFileSync(fresh, 'utf8')
  if (!isSame) console.error(`The surface of ${entry} is not what ${kept} says: npm run api rewrites it.`)
  return isSame
}

mkdirSync(REPORTS, { recursive: true })
const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
const results = Object.entries(exports)
  .filter(([, target]) => typeof target === 'object')
  .map(([entry, target]) => report(entry, target.import.types))
if (results.includes(false)) process.exitCode = 1
