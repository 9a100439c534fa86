/** Tests of the pages in a browser. One runs at a time, because a browser takes a core. */
module.exports = {
  ...require('./jest.config'),
  roots: ['<rootDir>/pages'],
  testTimeout: 5 * 60_000,
  maxWorkers: 1,
};
