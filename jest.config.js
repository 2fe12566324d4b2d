// ts-jest turns each source into CommonJS without looking at types; `npm run check` looks at them.
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/lib', '<rootDir>/spec'],
  testMatch: ['<rootDir>/spec/**/*.spec.ts'],
  testTimeout: 30_000,
  // All cores: by default one is left for a watch mode.
  maxWorkers: '100%',
  moduleNameMapper: {
    '^httprx$': '<rootDir>/lib/index.ts',
    '^httprx/core$': '<rootDir>/lib/core.ts',
    '^httprx/(ws|sse|hub|hub/nats|testing)$': '<rootDir>/lib/$1/index.ts',
    // Only our own imports end in `.js` and start with a dot; those of node_modules point to real files.
    '^(\\.{1,2}/.*)\\.js$': ['$1.ts', '$1.js'],
  },
  transform: {
    '\\.ts$': ['ts-jest', {
      tsconfig: {
        target: 'ES2022',
        module: 'CommonJS',
        moduleResolution: 'bundler',
        esModuleInterop: true,
        importHelpers: true,
        isolatedModules: true,
      },
    }],
  },
  // What needs a broker is covered where one is: `npm run brokers`.
  collectCoverageFrom: ['lib/**/*.ts', '!lib/hub/nats/**'],
  coverageDirectory: 'coverage',
  coverageReporters: [['text', { skipFull: true }], 'json-summary'],
  coverageThreshold: { global: { lines: 99, branches: 95 } },
}
