/** What takes minutes: timings, a hundred fresh databases, a minute without one. Run alone, so that nothing disturbs the clock. */
module.exports = {
  ...require('./jest.config'),
  testMatch: ['**/__test__/*.long.ts'],
  // Timings that leave their band by chance are taken up to three times.
  testTimeout: 20 * 60_000,
  maxWorkers: 1,
};
