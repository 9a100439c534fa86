/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/src', '<rootDir>/dev'],
  testMatch: ['**/__test__/*.test.ts'],
  transform: { '^.+\\.ts$': ['ts-jest', { diagnostics: false }] },
  globalSetup: '<rootDir>/src/test/start-mongod.ts',
  globalTeardown: '<rootDir>/src/test/stop-mongod.ts',
  testTimeout: 60_000,
  randomize: true,
  // Processes that the tests start do much of the work, and one waits while another runs.
  maxWorkers: 3,
  // index.ts, cli.ts and dev/ run in processes of their own, which the tests start and coverage can't look into.
  collectCoverageFrom: ['src/**/*.ts', '!src/test/**', '!**/__test__/**', '!src/{index,cli}.ts'],
  coverageReporters: ['text-summary', 'lcovonly'],
};
