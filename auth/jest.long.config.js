/** Tests that take minutes: thousands of interleavings, 100 fresh databases, two versions side by side. */
module.exports = {
  ...require('./jest.config'),
  testMatch: ['**/__test__/*.long.ts'],
  testTimeout: 20 * 60_000,
  maxWorkers: 2,
};
