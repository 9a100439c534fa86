import { startMongod, type Mongod } from '../../dev/mongod';

declare global {
  var testMongod: Mongod | undefined;
}

/** jest's globalSetup: one real mongod for all test files; each takes a database of its own in it. */
export default async function start(): Promise<void> {
  const mongod = await startMongod({
    say: (line) => process.stderr.write(`tests: ${line}\n`),
  });
  globalThis.testMongod = mongod;
  process.env['TEST_MONGO_URI'] = mongod.uri('DATABASE');
}
