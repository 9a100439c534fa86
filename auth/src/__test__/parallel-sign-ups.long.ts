import { connectTo, freshDatabase } from '../test/database';
import { signup, useProcesses } from '../test/process';

const { listening } = useProcesses();

describe('S11 parallel sign-ups of one address', () => {
  it('create one account on each of 100 fresh databases, while two processes start with it', async () => {
    for (let round = 0; round < 100; round += 1) {
      const database = freshDatabase();
      const pair = await Promise.all([
        listening({ MONGO_URI: database }),
        listening({ MONGO_URI: database }),
      ]);
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, n) => signup(pair[n % 2]?.url ?? '', 'race@example.com')),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([201, ...(Array(49).fill(400) as number[])]);
      const client = await connectTo(database);
      expect(await client.db().collection('users').countDocuments()).toBe(1);
      await client.db().dropDatabase();
      await client.close();
      for (const { child } of pair) child.kill('SIGKILL');
      await Promise.all(pair.map(({ ended }) => ended));
    }
  });
});
