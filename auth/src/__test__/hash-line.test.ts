import crypto from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { until } from '../test/process';
import { password, useService } from '../test/service';

// The line itself is tried here, so the limits of guesses are out of its way.
const service = useService({
  hashing: { concurrency: 2, queue: 64 },
  rates: { signinAccountNetwork: '1000/1m', signinAccount: '1000/1m', passwordAccount: '1000/1m' },
});
const wrong = { email: 'owner@example.com', password: 'a wrong password' };
const right = { ...wrong, password };
let owner: Awaited<ReturnType<typeof service.signedUp>>;

/** The passwords whose hashes have begun, in order. */
let begun: string[] = [];
let held: (() => void)[] = [];
/** How many requests need a hash. */
let asked: jest.SpyInstance;

beforeAll(async () => {
  owner = await service.signedUp(right.email);
});

beforeEach(() => {
  begun = [];
  held = [];
  const scrypt = crypto.scrypt;
  jest.spyOn(crypto, 'scrypt').mockImplementation((plain, salt, length, options, done) => {
    begun.push(typeof plain === 'string' ? plain : '');
    held.push(() => {
      // Without the work, which is not what these tests are about: a key that no stored one equals.
      if (plain === wrong.password) done(null, Buffer.alloc(length));
      else scrypt(plain, salt, length, options, done);
    });
  });
  asked = jest.spyOn(service.passwords, 'match');
});

afterEach(() => {
  jest.restoreAllMocks();
});

/** Lets hashes end, and those begin that wait for them, until that many have begun and ended. */
async function letHashesRun(total: number): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (begun.length < total || held.length > 0) {
    if (Date.now() > deadline) throw new Error(`${begun.length} hashes have begun, and not ${total}`);
    for (const run of held.splice(0)) run();
    await new Promise(setImmediate);
  }
}

const areAsked = (count: number): Promise<void> =>
  until(() => Promise.resolve(asked.mock.calls.length === count));

const signIn = (from: string, body: object) =>
  service.api().post('/api/users/signin').set('X-Forwarded-For', from).send(body);

/** Sends so many wrong sign-ins from one address. They are on their way when this returns. */
const flood = (count: number, from: string) =>
  Array.from({ length: count }, () => signIn(from, wrong).then((response) => response));

function socketWith(requests: number): Socket {
  const body = JSON.stringify(wrong);
  const head = [
    'POST /api/users/signin HTTP/1.1',
    'Host: a',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  const socket = connect(Number(new URL(service.url).port), '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(`${head.join('\r\n')}\r\n\r\n${body}`.repeat(requests));
  return socket;
}

const hungUp = () => service.logs.filter(({ msg }) => msg === 'caller hung up');

describe('F21 a caller who hangs up', () => {
  it.each([
    ['66 connections', 66, 1],
    ['one connection (pipelining)', 1, 66],
  ])(
    'is not hashed for, and the next sign-in waits for the running hashes only: %s',
    async (_what, count, each) => {
      const linesBefore = hungUp().length;
      const sessionsBefore = await service.sessions.countDocuments();
      const sockets = Array.from({ length: count }, () => socketWith(each));
      await areAsked(66);
      for (const socket of sockets) socket.destroy();
      await until(() => Promise.resolve(hungUp().length === linesBefore + 66));
      const next = signIn('127.0.0.1', right).then((response) => response);
      await areAsked(67);
      // Two wrong ones run, each with a second hash of the other cost.
      await letHashesRun(5);
      expect((await next).status).toBe(200);
      expect(begun.filter((plain) => plain === wrong.password)).toHaveLength(4);
      expect(begun).toHaveLength(5);
      expect(hungUp().every(({ level }) => level === 'info')).toBe(true);
      expect(hungUp()).toHaveLength(linesBefore + 66);
      expect(await service.sessions.countDocuments()).toBe(sessionsBefore + 1);
    },
  );
});

describe('F21 S60 70 parallel wrong sign-ins from one address', () => {
  it('do not keep somebody at another address waiting', async () => {
    const attack = flood(70, '203.0.113.1');
    await areAsked(70);
    const others = ['203.0.113.2', '2001:db8:1:2::1'].map((from) =>
      signIn(from, right).then((response) => response),
    );
    await areAsked(72);
    await letHashesRun(2 * 64 + 2);
    const answers = await Promise.all(attack);
    expect((await Promise.all(others)).map(({ status }) => status)).toEqual([200, 200]);
    // At most two of the attack run, and one has its turn before each of the others.
    expect(begun.lastIndexOf(password)).toBeLessThan(2 * 4 + 2);
    const refused = answers.filter(({ status }) => status === 503);
    // Two run and 64 wait; two of those made room.
    expect(refused).toHaveLength(6);
    for (const answer of refused) {
      expect(answer.get('Retry-After')).toBe('1');
      expect(answer.body.errors).toEqual([expect.objectContaining({ message: 'Too busy' })]);
    }
    const lines = service.logs.filter(
      ({ reason, req }) => reason === 'Too busy' && (req as { ip: string }).ip === '203.0.113.1',
    );
    expect(lines).toHaveLength(6);
    expect(lines.every(({ level }) => level === 'warn')).toBe(true);
  });

  it('count as one caller where they come from one IPv6 network', async () => {
    const attack = Array.from({ length: 70 }, (_, n) => flood(1, `2001:db8:7:7::${n.toString(16)}`)).flat();
    await areAsked(70);
    const other = signIn('2001:db8:7:8::1', right).then((response) => response);
    await areAsked(71);
    await letHashesRun(2 * 65 + 1);
    expect((await other).status).toBe(200);
    expect(begun.lastIndexOf(password)).toBeLessThan(2 * 3 + 1);
    await Promise.all(attack);
  });

  it('do not keep a signed-in user at the same address waiting', async () => {
    const attack = flood(70, '127.0.0.1');
    await areAsked(70);
    const change = owner
      .put('/api/users/me/email')
      .set('X-Forwarded-For', '127.0.0.1')
      .send({ email: right.email, password })
      .then((response) => response);
    await areAsked(71);
    await letHashesRun(2 * 65 + 1);
    expect((await change).status).toBe(204);
    expect(begun.lastIndexOf(password)).toBeLessThan(2 * 3 + 1);
    await Promise.all(attack);
  });
});
