import { startMongod, type Mongod } from '../../dev/mongod';

declare global {
  var testMongod: Mongod | undefined;
}

/** jest's globalSetup: starts one real mongod, in which each test file has its own database. */
export default async function start(): Promise<void> {
  const mongod = await startMongod({
    say: (line) => process.stderr.write(`tests: ${line}\n`),
  });
  globalThis.testMongod = mongod;
  process.env['TEST_MONGO_URI'] = mongod.uri('DATABASE');
}
