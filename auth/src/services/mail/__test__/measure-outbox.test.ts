import { valueOf } from '../../../test/metrics';
import { hour, useService } from '../../../test/service';
import { Metrics } from '../../metrics/metrics';
import { measureOutbox } from '../measure-outbox';

const service = useService({ mailing: 'waiting' });

beforeEach(() => service.mails.deleteMany());

type Backlog = typeof service.mails.backlog;

/** Metrics of the outbox, which is looked at as often as Prometheus asks. */
function measured(
  backlog: Backlog = (max) => service.mails.backlog(max),
  { everyMs = 0, patienceMs = 5000 } = {},
) {
  const metrics = new Metrics();
  const options = { mails: { backlog }, now: service.now, everyMs, patienceMs };
  measureOutbox({ metrics, ...options });
  return {
    waiting: () => valueOf(metrics, 'auth_outbox_waiting'),
    oldest: () => valueOf(metrics, 'auth_outbox_oldest_seconds'),
  };
}

async function enqueue(count: number, ageSeconds = 0): Promise<void> {
  const at = new Date(service.now().getTime() - ageSeconds * 1000);
  const mails = Array.from({ length: count }, (_, n) =>
    service.mails.build({ kind: 'password-changed', to: `${n}@example.com` }, at),
  );
  await service.mails.insertMany(mails);
}

describe('the metrics of the outbox', () => {
  it('tell how many mails wait, and the age of the oldest', async () => {
    const { waiting, oldest } = measured();
    expect([await waiting(), await oldest()]).toEqual([0, 0]);
    await enqueue(2, hour);
    await enqueue(1);
    await service.mails.updateOne({}, { status: 'sent' });
    expect(await waiting()).toBe(2);
    expect(await oldest()).toBeGreaterThanOrEqual(hour);
    expect(await oldest()).toBeLessThan(hour + 60);
  });

  it('S60 R7 count up to 1000, with the index, and look at no more mails', async () => {
    await enqueue(1200);
    expect(await measured().waiting()).toBe(1000);
    const explained = await service.mails.collection
      .aggregate([{ $match: { status: 'pending' } }, { $limit: 1000 }])
      .explain('executionStats');
    expect(JSON.stringify(explained)).toContain('"indexName":"status_1_lane_1_dueAt_1"');
    expect(JSON.stringify(explained)).toMatch(/"totalDocsExamined":1000\b/);
  });

  it('ask the database once in some seconds, however often they are read', async () => {
    let looks = 0;
    const look: Backlog = () => {
      looks += 1;
      return Promise.resolve({ waiting: 3 });
    };
    const { waiting, oldest } = measured(look, { everyMs: 60_000 });
    for (let n = 0; n < 10; n += 1) expect([await waiting(), await oldest()]).toEqual([3, 0]);
    expect(looks).toBe(1);
  });

  it('R7 are missing while the database fails or does not answer, and hold up nothing else', async () => {
    const failing = measured(() => Promise.reject(new Error('no primary')));
    expect([await failing.waiting(), await failing.oldest()]).toEqual([undefined, undefined]);
    const silent = measured(() => new Promise(() => undefined), { patienceMs: 100 });
    const startedAt = performance.now();
    expect(await silent.waiting()).toBeUndefined();
    expect(performance.now() - startedAt).toBeLessThan(5000);
  });
});
