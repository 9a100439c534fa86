/** Tests that compare or bound times: what reveals an account, a database that hangs. One runs at a time. */
module.exports = {
  ...require('./jest.config'),
  testMatch: ['**/__test__/*.timing.ts'],
  // A timing outside its bounds may be chance, so timings are repeated up to three times.
  testTimeout: 20 * 60_000,
  maxWorkers: 1,
};
