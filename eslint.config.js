import eslint from '@eslint/js'
import stylistic from '@stylistic/eslint-plugin'
import { defineConfig, globalIgnores } from 'eslint/config'
import typescript from 'typescript-eslint'

/** Layout: only what every file agrees on anyway. */
const layout = {
  '@stylistic/arrow-spacing': 'error',
  '@stylistic/block-spacing': 'error',
  '@stylistic/comma-dangle': ['error', 'always-multiline'],
  '@stylistic/comma-spacing': 'error',
  '@stylistic/eol-last': 'error',
  '@stylistic/indent': ['error', 2, { SwitchCase: 1, ignoredNodes: ['ConditionalExpression', 'TemplateLiteral *'] }],
  '@stylistic/keyword-spacing': 'error',
  '@stylistic/max-len': ['error', { code: 120, ignoreUrls: true }],
  '@stylistic/member-delimiter-style': ['error', { multiline: { delimiter: 'none' } }],
  '@stylistic/no-multiple-empty-lines': ['error', { max: 1, maxBOF: 0, maxEOF: 0 }],
  '@stylistic/no-tabs': 'error',
  '@stylistic/no-trailing-spaces': 'error',
  '@stylistic/object-curly-spacing': ['error', 'always'],
  '@stylistic/quotes': ['error', 'single', { avoidEscape: true, allowTemplateLiterals: 'always' }],
  '@stylistic/semi': ['error', 'never', { beforeStatementContinuationChars: 'always' }],
  '@stylistic/space-before-blocks': 'error',
  '@stylistic/space-infix-ops': 'error',
  '@stylistic/type-annotation-spacing': 'error',
}

const size = {
  'max-lines': ['error', 300],
  'max-lines-per-function': ['error', { max: 40, skipBlankLines: true, skipComments: true }],
  'max-params': ['error', 4],
  'max-depth': ['error', 3],
}

const language = {
  'eqeqeq': 'error',
  'no-var': 'error',
  'prefer-const': 'error',
  '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
  '@typescript-eslint/no-confusing-void-expression': [
    'error', { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
  ],
  '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
  '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
  '@typescript-eslint/restrict-plus-operands': ['error', { allowNumberAndString: true }],
  // `while (true)` is how a byte loop reads best.
  '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: 'only-allowed-literals' }],
  // A getter that answers a constant keeps an object's shape the same as its siblings'.
  '@typescript-eslint/class-literal-property-style': 'off',
  // An index is the plain form in loops over bytes and over flat lists.
  '@typescript-eslint/prefer-for-of': 'off',
}

/**
 * V8 allocates a function literal that is assigned to a property in the old generation. What it closes over then
 * survives until the next full collection: a connection or a request with everything that it refers to.
 */
const OLD_CLOSURES = [
  'AssignmentExpression[left.type="MemberExpression"] > :function.right', 'PropertyDefinition > :function.value',
].map(selector => ({ selector, message: 'Bind a method, or assign a variable: this closure would be allocated old.' }))

/** Specs say many small things in one place, and poke where users do not. */
const specs = {
  'max-lines-per-function': 'off',
  '@typescript-eslint/no-empty-function': 'off',
  '@typescript-eslint/no-non-null-assertion': 'off',
  '@typescript-eslint/no-unsafe-argument': 'off',
  '@typescript-eslint/no-unsafe-assignment': 'off',
  '@typescript-eslint/unbound-method': 'off',
}

/** What a page of a demo has. */
const browser = Object.fromEntries([
  'AbortController', 'Blob', 'Event', 'EventSource', 'ResizeObserver', 'WebSocket', 'XMLHttpRequest', 'crypto',
  'devicePixelRatio', 'document', 'fetch', 'getComputedStyle', 'location', 'matchMedia', 'performance', 'setTimeout',
].map(name => [name, 'readonly']))

export default defineConfig(
  globalIgnores(['dist/', 'coverage/']),
  eslint.configs.recommended,
  {
    plugins: { '@stylistic': stylistic },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: { ...layout, ...size },
  },
  {
    files: ['**/*.ts'],
    extends: [typescript.configs.strictTypeChecked, typescript.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: language,
  },
  {
    files: ['lib/**/*.ts'],
    rules: { 'no-console': 'error', '@typescript-eslint/explicit-module-boundary-types': 'error' },
  },
  {
    files: ['lib/**/*.ts'],
    ignores: ['lib/testing/**'],
    rules: { 'no-restricted-syntax': ['error', ...OLD_CLOSURES] },
  },
  { files: ['spec/**/*.ts'], rules: specs },
  { files: ['demos/*/page/**/*.js'], languageOptions: { globals: browser } },
  {
    files: ['examples/**/*.js', 'examples/**/*.cjs'],
    languageOptions: {
      globals: {
        module: 'writable', require: 'readonly',
        Response: 'readonly', setTimeout: 'readonly', TransformStream: 'readonly',
      },
    },
  },
  {
    files: ['etc/runners/**'],
    languageOptions: {
      globals: {
        Buffer: 'readonly', console: 'readonly', describe: 'readonly', it: 'readonly', process: 'readonly',
        ReadableStream: 'readonly', setTimeout: 'readonly', URL: 'readonly',
      },
    },
  },
  {
    files: ['**/*.js'],
    ignores: ['demos/**', 'bench/**'],
    languageOptions: { globals: { console: 'readonly', process: 'readonly', URL: 'readonly' } },
  },
)
