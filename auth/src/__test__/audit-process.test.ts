import { connectTo, freshDatabase } from '../test/database';
import { signup, until, useProcesses } from '../test/process';

const { listening } = useProcesses();

const signin = (url: string, email: string, password: string) =>
  fetch(`${url}/api/users/signin`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'User-Agent': 'a browser' },
    body: JSON.stringify({ email, password }),
  });

it('S49 what waits to be recorded is stored at SIGTERM, and two processes share the entry that counts', async () => {
  const database = freshDatabase();
  const [first, second] = await Promise.all([
    listening({ MONGO_URI: database }),
    listening({ MONGO_URI: database }),
  ]);
  const client = await connectTo(database);
  const audit = client.db().collection('audit');
  await signup(first.url, 'two@example.com');
  // Well before the end of a minute.
  await until(() => Promise.resolve(Date.now() % 60_000 < 50_000));
  const wrong = 'a wrong password';
  await Promise.all(
    [1, 2, 3, 4].map((n) => signin(n % 2 ? first.url : second.url, 'two@example.com', wrong)),
  );
  expect((await signin(first.url, 'two@example.com', 'correct horse battery')).status).toBe(200);
  for (const { child } of [first, second]) child.kill('SIGTERM');
  expect(await Promise.all([first.ended, second.ended])).toEqual([0, 0]);
  const refused = await audit.find({ outcome: 'refused' }).toArray();
  expect(refused.map(({ action, count }): unknown[] => [action, count])).toEqual([
    ['signed-in', 4],
    ['signed-in', 4],
  ]);
  expect(await audit.countDocuments({ action: 'signed-in', outcome: 'success' })).toBe(1);
  await client.close();
});
