import { freshDatabase } from '../test/database';
import { useProcesses } from '../test/process';

const { listening } = useProcesses();
const accounts = 10_000;
const atOnce = 50;

it(`S41 a spray over ${accounts} accounts from one network costs exactly a hundred hashes, over two processes`, async () => {
  const settings = { MONGO_URI: freshDatabase(), LIMIT_SIGNIN_NETWORK: '100/1d' };
  const both = await Promise.all([listening(settings), listening(settings)]);
  const counts: Record<string, number> = {};
  for (let n = 0; n < accounts; n += atOnce) {
    const answers = Array.from({ length: atOnce }, async (_, m) => {
      const answer = await fetch(`${both[m % 2]?.url ?? ''}/api/users/signin`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ email: `sprayed-${n + m}@example.com`, password: 'a wrong password' }),
      });
      await answer.text();
      return answer.status;
    });
    for (const status of await Promise.all(answers)) counts[status] = (counts[status] ?? 0) + 1;
  }
  expect(counts).toEqual({ 400: 100, 429: accounts - 100 });
});
