/**
 * The house rules that a source file of lib/ can be checked against by reading it: the order of imports, what the pure
 * rooms do without, and how a file looks. The rules are DESIGN's; this file only says them to a machine.
 */
import ts from 'typescript'

/** The rooms in import order: a file imports its own room and earlier ones. */
const ROOMS = [
  'brand', 'thrown', 'field-syntax', 'errors', 'message', 'buffer', 'wire', 'connection', 'application', 'demand',
  'runtime', 'reactive', 'node', 'sse', 'ws', 'hub', 'testing',
]
/** Rooms that know neither time nor machine. */
const PURE_ROOMS = ['brand', 'thrown', 'field-syntax', 'errors', 'message', 'buffer', 'wire', 'connection']
/** The public faces, and the last room that each shows. */
const FACES: Record<string, string> = { core: 'connection', index: 'node' }

/** The files of the marble kit that reach below it: into the file system, and at what Node tells and counts. */
const TESTING_FILES = [
  'testing/capture-file.ts', 'testing/capture-log.ts', 'testing/replay-command.ts', 'testing/activity.ts',
  'testing/virtual-timers.ts',
]
/** The files that know a broker; nothing else imports them, so a user without a broker loads no client. */
const NATS_FOLDER = 'hub/nats/'
const BUFFER_FILES = ['buffer/latin1.ts', 'buffer/utf8.ts']
const IMPURE_GLOBALS = new Set([
  'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate', 'clearImmediate', 'queueMicrotask',
  'requestAnimationFrame', 'Date', 'performance', 'console', 'process', 'NodeJS', 'require',
])

/** One source file: its path below lib/, with slashes, and its text. */
export interface Source {
  readonly path: string
  readonly text: string
}

/**
 * Returns each round of imports, in order: files of which each imports the next, and the last the first. Types count: a
 * reader has to go round them as well.
 */
export function circles(sources: readonly Source[]): string[][] {
  const targets = new Map(sources.map(source => [source.path, importedFiles(source)]))
  const found: string[][] = []
  const done = new Set<string>()
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path)
    if (start >= 0) found.push(trail.slice(start))
    if (start >= 0 || done.has(path)) return
    for (const target of targets.get(path) ?? []) visit(target, [...trail, path])
    done.add(path)
  }
  for (const path of targets.keys()) visit(path, [])
  return found
}

function importedFiles({ path, text }: Source): string[] {
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true)
  return importedModules(tree).filter(module => module.startsWith('.')).map(module => fileOf(path, module))
}

/** The path below lib/ of an imported file. */
function fileOf(path: string, module: string): string {
  return new URL(module, `file:///${path}`).pathname.slice(1).replace(/\.js$/, '.ts')
}

/** Returns the file's violations of the rules, one sentence each. */
export function violations(source: Source): string[] {
  const tree = ts.createSourceFile(source.path, source.text, ts.ScriptTarget.ES2022, true)
  return [
    ...importedModules(tree).flatMap(module => importViolations(source.path, module)),
    ...globalViolations(source.path, tree),
    ...appearanceViolations(source),
  ]
}

function roomOf(path: string): string {
  return path.replace(/\.ts$/, '').split('/')[0]
}

function importViolations(path: string, module: string): string[] {
  const isAllowed = module.startsWith('.') ? mayImportFile(path, module) : mayImportPackage(path, module)
  return isAllowed ? [] : [`${path} must not import ${module}`]
}

/** Rooms import rooms, never a face; a face imports the rooms that it shows, and `index` the other face. */
function mayImportFile(path: string, module: string): boolean {
  const target = fileOf(path, module)
  const [from, to] = [roomOf(path), roomOf(target)]
  if (target.startsWith(NATS_FOLDER) && !path.startsWith(NATS_FOLDER)) return false
  if (from === 'index' && to === 'core') return true
  const last = ROOMS.indexOf(FACES[from] ?? from)
  return last >= 0 && ROOMS.includes(to) && ROOMS.indexOf(to) <= last
}

function mayImportPackage(path: string, module: string): boolean {
  const room = roomOf(path)
  if (module.startsWith('node:')) return room === 'node' || room === 'ws' || TESTING_FILES.includes(path)
  if (module === 'ws') return room === 'ws'
  if (module.startsWith('@nats-io/')) return path.startsWith(NATS_FOLDER)
  if (module === 'rxjs' || module.startsWith('rxjs/')) return ROOMS.indexOf(room) >= ROOMS.indexOf('application')
  return false
}

/** Returns the module of each import, type import, re-export, `import()` and `import('…').Type`. */
function importedModules(tree: ts.SourceFile): string[] {
  const modules: string[] = []
  walk(tree, node => {
    const module = moduleSpecifier(node)
    if (module !== undefined) modules.push(ts.isStringLiteralLike(module) ? module.text : module.getText())
  })
  return modules
}

function moduleSpecifier(node: ts.Node): ts.Node | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier
  if (ts.isImportTypeNode(node)) return ts.isLiteralTypeNode(node.argument) ? node.argument.literal : node.argument
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) return node.arguments[0]
  return undefined
}

function globalViolations(path: string, tree: ts.SourceFile): string[] {
  if (!PURE_ROOMS.includes(roomOf(path))) return []
  const found = new Set<string>()
  walk(tree, node => {
    if (!ts.isIdentifier(node) || isMemberName(node)) return
    const isBuffer = node.text === 'Buffer' && !BUFFER_FILES.includes(path)
    if (isBuffer || IMPURE_GLOBALS.has(node.text)) found.add(node.text)
  })
  return [...found].map(name => `${path} must not use ${name}`)
}

/** Whether the identifier names a member (`x.process`, `{ Date: … }`) and so not a global; `globalThis.Date` is one. */
function isMemberName(node: ts.Identifier): boolean {
  const { parent } = node
  if (ts.isPropertyAccessExpression(parent)) return parent.name === node && parent.expression.getText() !== 'globalThis'
  const isMember = ts.isPropertyAssignment(parent) || ts.isTypeElement(parent) || ts.isClassElement(parent)
  return isMember && parent.name === node
}

function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node)
  ts.forEachChild(node, child => { walk(child, visit) })
}

function appearanceViolations({ path, text }: Source): string[] {
  const found: string[] = []
  const lines = text.trimEnd().split('\n').length
  if (!text.startsWith('/**')) found.push(`${path} must open with a block comment that says what it is for`)
  if (!/^([a-z0-9]+(-[a-z0-9]+)*\/)*[a-z0-9]+(-[a-z0-9]+)*\.ts$/.test(path)) found.push(`${path} must be in kebab-case`)
  if (lines > 300) found.push(`${path} has ${lines} lines: split it at 300`)
  return found
}
