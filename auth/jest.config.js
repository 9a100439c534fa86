/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/src', '<rootDir>/dev', '<rootDir>/bench'],
  testMatch: ['**/__test__/*.test.ts'],
  transform: { '^.+\\.ts$': ['ts-jest', { diagnostics: false }] },
  globalSetup: '<rootDir>/src/test/start-mongod.ts',
  globalTeardown: '<rootDir>/src/test/stop-mongod.ts',
  testTimeout: 60_000,
  randomize: true,
  // Much of the work happens in processes that the tests start. While one test waits for them, another can run.
  maxWorkers: 3,
  // Tests run index.ts, cli.ts and dev/ in separate processes, where coverage is not collected.
  collectCoverageFrom: ['src/**/*.ts', '!src/test/**', '!**/__test__/**', '!src/{index,cli}.ts'],
  coverageReporters: ['text-summary', 'lcovonly'],
};
