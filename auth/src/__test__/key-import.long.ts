import { setTimeout as delay } from 'node:timers/promises';
import { connectTo, freshDatabase } from '../test/database';
import { loadOn } from '../test/keys-under-load';
import { usePreviousVersion } from '../test/neighbours/previous-version';
import { until, useProcesses } from '../test/process';
import { kidOf, makeSigningKey } from '../services/keys/signing-key';

// The last version without a keyring.
const { folder } = usePreviousVersion('7543825a31cbba7ab7ff8e7a922f7d49a4f4c50b');
const { listening } = useProcesses();
const day = 24 * 60 * 60 * 1000;

it('R15 takes the key of the version before, and rotates it a day later: nobody is signed out', async () => {
  const key = makeSigningKey();
  const settings = {
    MONGO_URI: freshDatabase(),
    JWT_PRIVATE_KEY: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    JWT_TTL_SECONDS: '30',
    KEY_GRACE_SECONDS: '3',
    KEY_ROTATION_SECONDS: '6',
  };
  const previous = await listening(settings, folder());
  const urls = [previous.url];
  const load = await loadOn(urls);
  const [one, other] = await Promise.all([listening(settings), listening(settings)]);
  urls.push(one.url, other.url);
  // Longer than a rotation: the previous version would refuse another key.
  await delay(15_000);
  expect(load.kids()).toEqual([kidOf(key)]);
  urls.shift();
  await delay(1000);
  previous.child.kill('SIGTERM');
  expect(await previous.ended).toBe(0);
  expect(one.output()).toMatch(/"level":"warn".*JWT_PRIVATE_KEY is set/);

  // A day later.
  const client = await connectTo(settings.MONGO_URI);
  const keyring = client.db().collection('keyring');
  const before = new Date(Date.now() - day);
  await keyring.updateOne({}, [
    {
      $set: {
        version: { $add: ['$version', 1] },
        keys: {
          $map: {
            input: '$keys',
            in: {
              $mergeObjects: [
                '$$this',
                {
                  $cond: ['$$this.imported', { signsFrom: before }, { signsFrom: { $add: ['$$NOW', 3000] } }],
                },
              ],
            },
          },
        },
      },
    },
  ]);
  await client.close();
  await until(() => Promise.resolve(load.kids().length >= 3), 60_000);
  const { requests, failures } = await load.stop();
  process.stdout.write(`R15: ${load.kids().length} keys, ${requests} requests, ${failures.length} failed\n`);
  expect(failures).toEqual([]);
  expect(requests).toBeGreaterThan(100);
}, 300_000);
