import { randomUUID } from 'node:crypto';
import { mongo } from 'mongoose';
import { SMTPServer } from 'smtp-server';
import { areaUnderCurve } from '../../../test/area-under-curve';
import { connectTo, freshDatabase } from '../../../test/database';
import { signup, until, useProcesses } from '../../../test/process';
import { highestSettings } from '../../../test/rates';

const { listening } = useProcesses();

// Chance alone leaves the bounds now and then. A real difference leaves them in every round.
const maxRounds = 3;
const samples = 200;
const sendMs = 200;
// They share a machine, but neither a database nor a mail server.
const parallel = 4;

/** A mail server that takes a while for each mail, and notes when the mail to an address came. */
async function slowMailServer() {
  const cameAt = new Map<string, number>();
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS', 'AUTH'],
    disableReverseLookup: true,
    closeTimeout: 100,
    onData: (stream, { envelope }, done) => {
      stream.resume().on('end', () => {
        for (const { address } of envelope.rcptTo) cameAt.set(address, performance.now());
        setTimeout(done, sendMs);
      });
    },
  });
  // The processes are killed in the end.
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.server.address() as { port: number };
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(resolve);
    });
  return { cameAt, url: `smtp://127.0.0.1:${port}`, close };
}

/** A service, and what an attacker can do with it. */
async function target() {
  const database = freshDatabase();
  const { cameAt, ...mailServer } = await slowMailServer();
  const { url } = await listening({ MONGO_URI: database, SMTP_URL: mailServer.url, ...highestSettings });
  const client = await connectTo(database);
  const users = client.db().collection('users');
  await signup(url, 'model@example.com');
  const model = await users.findOne();
  return {
    /** An address that has an account. */
    known: async (): Promise<string> => {
      const email = `${randomUUID()}@example.com`;
      await users.insertOne({ ...model, _id: new mongo.ObjectId(), email });
      return email;
    },
    reset: (email: string): Promise<Response> =>
      fetch(`${url}/api/users/password-reset`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ email }),
      }),
    cameAt: async (email: string): Promise<number> => {
      await until(() => Promise.resolve(cameAt.has(email)));
      return cameAt.get(email) ?? NaN;
    },
    close: () => Promise.all([client.close(), mailServer.close()]),
  };
}

type Target = Awaited<ReturnType<typeof target>>;
/** Measures something about the attacker's own mails that might reveal whether the address has an account. */
type Attack = (target: Target, address: string) => Promise<number>;

const attacks: Record<string, Attack> = {
  'asks for an address twenty times and then for one of his own': async (
    { known, reset, cameAt },
    address,
  ) => {
    const own = await known();
    for (let n = 0; n < 20; n += 1) await reset(address);
    const askedAt = performance.now();
    await reset(own);
    return (await cameAt(own)) - askedAt;
  },
  'asks at the same time for an address and for so many of his own that one has to wait': async (
    { known, reset, cameAt },
    address,
  ) => {
    const own = await Promise.all(Array.from({ length: 5 }, known));
    await Promise.all([address, ...own].map(reset));
    const times = await Promise.all(own.map(cameAt));
    return Math.max(...times) - Math.min(...times);
  },
};

async function measure(attack: Attack, of: Target): Promise<Record<'known' | 'unknown', number[]>> {
  const times = { known: [] as number[], unknown: [] as number[] };
  for (let n = 0; n < samples / parallel; n += 1) {
    const classes = Math.random() < 0.5 ? (['known', 'unknown'] as const) : (['unknown', 'known'] as const);
    for (const name of classes) {
      const address = name === 'known' ? await of.known() : `${randomUUID()}@example.com`;
      times[name].push(await attack(of, address));
    }
  }
  return times;
}

describe('S9 the time of mails', () => {
  const targets: Target[] = [];
  beforeAll(async () => {
    targets.push(...(await Promise.all(Array.from({ length: parallel }, target))));
  });
  afterAll(() => Promise.all(targets.map(({ close }) => close())));

  it.each(Object.entries(attacks))(
    `does not reveal an account to somebody who %s, in ${samples} mails per class`,
    async (name, attack) => {
      let area = NaN;
      for (let round = 0; round < maxRounds; round += 1) {
        const measured = await Promise.all(targets.map((one) => measure(attack, one)));
        area = areaUnderCurve(
          measured.flatMap(({ known }) => known),
          measured.flatMap(({ unknown }) => unknown),
        );
        process.stderr.write(`S9 area of "${name}": ${area.toFixed(3)}\n`);
        if (Math.abs(area - 0.5) <= 0.05) break;
      }
      expect(Math.abs(area - 0.5)).toBeLessThanOrEqual(0.05);
    },
  );
});
