import { generateKeyPairSync } from 'node:crypto';
import jsonwebtoken from 'jsonwebtoken';
import { startInbox, type Inbox } from '../../../dev/inbox';
import { connectTo, freshDatabase } from '../database';
import { useProcesses, type ListeningProcess } from '../process';
import { highestSettings } from '../rates';
import { Browser, type Site } from './browser';
import { signIn, signUp, type Account, type Operation, type OperationContext } from './operation';
import { usePreviousVersion } from './previous-version';

export type Version = 'previous' | 'present';
/** The versions where an operation begins and is finished. */
export type Order = readonly [Version, Version];

const newNotices = ['was closed', 'was disabled', 'was enabled', 'role of your account', 'was undone'];

// As many operations run at once.
const accountCount = 24;

export interface Neighbours {
  /** Filled before the tests. */
  accounts: Account[];
  site: (version: Version) => Site;
  context: (account: Account, order: Order) => OperationContext;
  start: (version: Version) => Promise<void>;
  /** Ends a process as a rollout does. */
  stop: (version: Version) => Promise<void>;
  /** Runs an operation so many times in each order, spread over the accounts. */
  repeat: (operation: Operation, times: number, orders: readonly Order[]) => Promise<void>;
}

/** The previous version and this one as processes over one database, with one signing key and one inbox. */
export function useNeighbours(): Neighbours {
  const { listening } = useProcesses();
  const { folder } = usePreviousVersion();
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const database = freshDatabase();
  const running = new Map<Version, ListeningProcess>();
  const accounts: Account[] = [];
  const admin = new Browser();
  let inbox: Inbox;

  const site = (version: Version): Site => ({ version, url: running.get(version)?.url ?? '' });

  const start: Neighbours['start'] = async (version) => {
    const settings = {
      ...highestSettings,
      MONGO_URI: database,
      SMTP_URL: inbox.smtpUrl,
      // The previous version knows no cool-down, and tells of no sign-in.
      MAIL_COOL_DOWN_SECONDS: '0',
      NEW_SIGN_IN_MAIL: 'off',
      FRESH_SECONDS: '86400',
      JWT_PRIVATE_KEY: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    };
    running.set(version, await listening(settings, version === 'previous' ? folder() : undefined));
  };

  const stop: Neighbours['stop'] = async (version) => {
    running.get(version)?.child.kill('SIGTERM');
    expect(await running.get(version)?.ended).toBe(0);
  };

  const tokenTo: OperationContext['tokenTo'] = async (email, subject) => {
    const mail = await inbox.take((received) => received.to === email && received.subject.includes(subject));
    return mail.token ?? '';
  };

  const aged: OperationContext['aged'] = ({ jwt = '' }, seconds) => {
    const { header, payload } = jsonwebtoken.decode(jwt, { complete: true }) ?? {};
    const { iat = 0, exp = 0, ...claims } = payload as jsonwebtoken.JwtPayload;
    const older = { ...claims, iat: iat - seconds, exp: exp - seconds };
    return new Browser(
      jsonwebtoken.sign(older, privateKey, { algorithm: 'ES256', keyid: header?.kid ?? '' }),
    );
  };

  const context: Neighbours['context'] = (account, [first, second]) => ({
    first: site(first),
    second: site(second),
    account,
    admin,
    aged,
    tokenTo,
  });

  const repeat: Neighbours['repeat'] = async (operation, times, orders) => {
    const queue = orders.flatMap((order) => Array.from({ length: times }, () => order));
    const ends = await Promise.allSettled(
      accounts.map(async (account) => {
        for (let order = queue.pop(); order; order = queue.pop()) {
          await operation(context(account, order)).catch((cause: unknown) => {
            queue.length = 0;
            throw new Error(`begun at the ${order[0]} version, finished at the ${order[1]} one`, { cause });
          });
        }
      }),
    );
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
    // The operations took theirs: every mail was sent once, whichever process sent it.
    // Notices that only this version knows are dropped where the previous one claims them.
    const left = inbox.mails.filter(({ subject }) => !newNotices.some((notice) => subject.includes(notice)));
    expect(left.map(({ to, subject }) => `${subject} to ${to}`)).toEqual([]);
  };

  beforeAll(async () => {
    inbox = await startInbox({ smtpPort: 0, pagePort: 0 });
    await start('previous');
    await start('present');
    const administrator = (await signUp(site('previous'), tokenTo)).account;
    await promote(database, administrator);
    admin.jwt = (await signIn(site('present'), administrator)).jwt;
    for (let n = 0; n < accountCount; n += 1) {
      const { account, browser } = await signUp(site(n % 2 ? 'previous' : 'present'), tokenTo);
      // An operation finds no session of before.
      await browser.ask(site('present'), 'POST /signout', 200);
      accounts.push(account);
    }
  });
  afterAll(() => inbox.close());
  return { accounts, site, context, start, stop, repeat };
}

async function promote(database: string, { email }: Account): Promise<void> {
  const client = await connectTo(database);
  await client
    .db()
    .collection('users')
    .updateOne({ email }, { $set: { role: 'admin' } });
  await client.close();
}
