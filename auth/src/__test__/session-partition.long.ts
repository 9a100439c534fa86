import { until, useProcesses, type ListeningProcess } from '../test/process';
import { check, cookieOf, isLive, remembered, signOut } from '../test/session-checks';
import { startSplitSet, type SplitSet } from '../test/split-set';

const { listening } = useProcesses();
const onLinux = process.platform === 'linux' ? describe : describe.skip;

onLinux('R16 a primary that is cut off from the others together with one process', () => {
  let set: SplitSet;
  let near: ListeningProcess;
  let far: ListeningProcess;
  beforeAll(async () => {
    set = await startSplitSet();
    const settings = { MONGO_URI: set.uri('auth') };
    [near, far] = await Promise.all([listening(settings), listening(settings)]);
  }, 180_000);
  afterAll(async () => {
    await set.stop();
  });

  it('lets no ended session be accepted for longer than a second', async () => {
    const cookie = await cookieOf(near.url, 'split@example.com');
    await Promise.all([remembered(near.url, cookie), remembered(far.url, cookie)]);
    set.cut([far.child.pid]);
    await set.stepUpSecond();
    // The former primary takes itself for the primary for a minute, and answers reads.
    await until(async () => (await signOut(near.url, cookie)).status === 200);
    const ended = Date.now();
    await until(async () => !(await isLive(near.url, cookie)));
    await new Promise((resolve) => setTimeout(resolve, 1000 - (Date.now() - ended)));
    const statuses = new Set<number>();
    while (Date.now() - ended < 8000) {
      const { status, email } = await check(far.url, cookie);
      expect(email).toBeUndefined();
      statuses.add(status);
    }
    expect([...statuses]).toContain(503);
    set.heal();
    await until(async () => (await check(far.url, cookie)).status === 200);
    expect(await isLive(far.url, cookie)).toBe(false);
  }, 120_000);
});
