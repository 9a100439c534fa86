import { sessionCookieOf, jwtIn } from '../test/cookies';
import { connectTo, freshDatabase } from '../test/database';
import { kidOf } from '../test/keys-under-load';
import { signup, useProcesses } from '../test/process';

const { listening } = useProcesses();

it('S26 two processes that start at once on an empty database agree on one key, 50 times', async () => {
  for (let n = 0; n < 50; n += 1) {
    const settings = { MONGO_URI: freshDatabase() };
    const [one, other] = await Promise.all([listening(settings), listening(settings)]);
    const sign = async (url: string): Promise<string> => {
      const response = await signup(url, `${new URL(url).port}@example.com`);
      return jwtIn(response.headers.getSetCookie()[0]) ?? '';
    };
    const [here, there] = [await sign(one.url), await sign(other.url)];
    expect([n, kidOf(here)]).toEqual([n, kidOf(there)]);
    for (const [url, jwt] of [
      [one.url, there],
      [other.url, here],
    ] as const) {
      const response = await fetch(`${url}/api/users/sessions`, {
        headers: { Cookie: sessionCookieOf({ jwt }) },
      });
      expect([n, response.status]).toEqual([n, 200]);
    }
    const client = await connectTo(settings.MONGO_URI);
    const keyrings = await client.db().collection('keyring').find().toArray();
    expect(keyrings.map(({ keys }) => (keys as unknown[]).length)).toEqual([1]);
    await client.db().dropDatabase();
    await client.close();
    for (const { child, ended } of [one, other]) {
      child.kill('SIGKILL');
      await ended;
    }
  }
});
