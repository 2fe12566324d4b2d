/**
 * The code blocks of a Markdown text, and a compiler for those in TypeScript.
 */
import { join } from 'node:path'
import ts from 'typescript'
import { ROOT } from './built.js'

/** A fenced block. The words after its fence are its kind: `ts`, `ts run`, `console`. */
export interface Block {
  readonly kind: string
  readonly text: string
  /** The line of its opening fence, counted from 1. */
  readonly line: number
}

/** Returns the fenced blocks in order. */
export function codeBlocks(markdown: string): Block[] {
  return [...markdown.matchAll(/^```([^\n`]*)\n([^]*?)^```$/gm)].map(match => ({
    kind: match[1].trim(),
    text: match[2],
    line: markdown.slice(0, match.index).split('\n').length,
  }))
}

/** Compiles each block as a module of its own, as strictly as our sources. Returns each one's errors, '' for none. */
export function compileBlocks(blocks: readonly Block[]): string[] {
  const files = new Map(blocks.map(block => [join(ROOT, `block-at-line-${block.line}.ts`), block.text]))
  const options = compilerOptions()
  const program = ts.createProgram([...files.keys()], options, hostWith(files, options))
  return [...files.keys()].map(file => errorsOf(program, file))
}

/** Returns the block as JavaScript that Node runs. */
export function transpileBlock(block: Block): string {
  return ts.transpileModule(block.text, {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true },
  }).outputText
}

/** Returns the block as a CommonJS module: the body of a function of `require` and `exports`. */
export function transpileCommonJs(block: Block): string {
  const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.CommonJS }
  return ts.transpileModule(block.text, { compilerOptions }).outputText
}

function compilerOptions(): ts.CompilerOptions {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), file => ts.sys.readFile(file)) as { config: object }
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: [] }, ts.sys, ROOT)
  return { ...options, noUnusedLocals: false, noUnusedParameters: false }
}

/** The compiler's view of the disk, with these files on top. */
function hostWith(files: ReadonlyMap<string, string>, options: ts.CompilerOptions): ts.CompilerHost {
  const disk = ts.createCompilerHost(options)
  return {
    ...disk,
    fileExists: file => files.has(file) || disk.fileExists(file),
    readFile: file => files.get(file) ?? disk.readFile(file),
    getSourceFile(file, language, ...rest) {
      const text = files.get(file)
      if (text === undefined) return disk.getSourceFile(file, language, ...rest)
      return ts.createSourceFile(file, text, language)
    },
  }
}

function errorsOf(program: ts.Program, file: string): string {
  const source = program.getSourceFile(file)
  const diagnostics = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)]
  return diagnostics.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n')).join('\n')
}
