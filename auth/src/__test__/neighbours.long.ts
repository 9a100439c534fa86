import { accountOperations } from '../test/neighbours/account-operations';
import { adminOperations } from '../test/neighbours/admin-operations';
import { leaveBehind } from '../test/neighbours/left-behind';
import { useNeighbours, type Order, type Version } from '../test/neighbours/neighbours';
import { sessionOperations } from '../test/neighbours/session-operations';

const operations = Object.entries({ ...sessionOperations, ...accountOperations, ...adminOperations });
const bothOrders: Order[] = [
  ['previous', 'present'],
  ['present', 'previous'],
];

/*
 * What the previous version cannot know, and what follows while it runs:
 * - An event there does not end queued mails. A reset mail that waits while the password is changed there is still sent
 *   with a valid link. It was so before.
 * - The links that it sends have no epoch, so they count from the time of sending. If its worker has taken a mail when an
 *   event here ends it, the link is valid. The cleanup deletes such mails after the commit, so this takes the worker to
 *   read the account within milliseconds of it.
 * - It sees the end of a link only once the cleanup has deleted it. The cleanup deletes the first hundred before the
 *   response; during the response time, and for the rest of more than a hundred, the link still works there.
 * - It does not know the cap of sessions, nor that a session has been ended already: see below.
 * Therefore each operation waits for its mails before it ends a link.
 */
describe('R15 the previous version and this one over one database', () => {
  const { repeat } = useNeighbours();

  it.each(operations)('respond like one version: %s', async (_name, operation) => {
    await repeat(operation, 250, bothOrders);
  });
});

describe('R15 a rollback', () => {
  const { accounts, context, site, start, stop, repeat } = useNeighbours();

  const leaveAt = (version: Version) =>
    Promise.all(accounts.map((account) => leaveBehind(context(account, [version, version]))));
  const repeatAll = async (...orders: Order[]): Promise<void> => {
    for (const [, operation] of operations) await repeat(operation, 12, orders);
  };

  it('keeps what this version wrote, and this version can start again beside the previous one', async () => {
    const leftByPresent = await leaveAt('present');
    await Promise.all([stop('present'), stop('previous')]);
    await start('previous');
    await Promise.all(leftByPresent.map((check) => check(site('previous'))));
    await repeatAll(['previous', 'previous']);

    const leftByPrevious = await leaveAt('previous');
    await start('present');
    await Promise.all(leftByPrevious.map((check) => check(site('present'))));
    await repeatAll(...bothOrders);
  });

  it('of one process in the middle of a rollout disturbs no other', async () => {
    await stop('previous');
    await start('previous');
    await repeatAll(...bothOrders);
  });
});
