import { linesIn, runCommand, type RunningProcess } from '../test/process';
import { password, useService } from '../test/service';

const service = useService();

/** The command of the service's image, with the settings of a pod that matter to it. */
function cli(args: string[], input: string | Buffer = '', settings: NodeJS.ProcessEnv = {}): RunningProcess {
  const { host, port, name } = service.connection;
  const MONGO_URI = `mongodb://${host}:${port}/${name}?replicaSet=rs0`;
  return runCommand(args, { PASSWORD_COST: 'ln=4,r=8,p=1', MONGO_URI, ...settings }, input);
}

/** Runs a command and answers its exit code and the lines that it prints, without the log. */
async function linesOf(args: string[]) {
  const { ended, output } = cli(args);
  const code = await ended;
  return { code, lines: linesIn(output()) };
}

const trailOf = async (user: unknown) =>
  (
    await service.audit
      .find({ user: user as never })
      .sort({ _id: 1 })
      .lean()
  ).map(({ action, actor, count }) => [action, actor, count]);

const createAdmin = (email: string) => ['create-admin', '--email', email];
const signin = (email: string, secret: string) =>
  service.api().post('/api/users/signin').send({ email, password: secret });

describe('create-admin', () => {
  it('opens the account of an admin, and prints the password that it made, once', async () => {
    const { ended, output } = cli(createAdmin(' Root@Example.com '));
    expect(await ended).toBe(0);
    const made = /^password: ([\w-]{24})$/m.exec(output())?.[1] ?? '';
    expect(output().split(made)).toHaveLength(2);
    expect(output()).toContain('"event":"admin_created"');
    expect(output()).toMatch(
      /^Created the admin root@example\.com\. Sign in with this address and the password below/m,
    );
    const response = await signin('root@example.com', made).expect(200);
    expect(response.body).toMatchObject({ email: 'root@example.com', role: 'admin', emailVerified: true });
  });

  it('takes the password from the standard input, repeats it nowhere, and refuses an address that is in use', async () => {
    const args = [...createAdmin('second@example.com'), '--password-stdin'];
    const first = cli(args, `${password}\n`);
    expect(await first.ended).toBe(0);
    expect(first.output()).not.toContain(password);
    await signin('second@example.com', password).expect(200);
    const again = cli(args, 'another good password\n');
    expect(await again.ended).toBe(1);
    expect(again.output()).toBe('auth: Email in use\n');
    await signin('second@example.com', password).expect(200);
  });

  it('prints its usage for --help, without any setting', async () => {
    const help = cli(['create-admin', '--help'], '', { MONGO_URI: '' });
    expect(await help.ended).toBe(0);
    expect(help.output()).toMatch(
      /^usage: node dist\/cli\.js COMMAND\n[^]*create-admin --email ADDRESS \[--password-stdin\]\n +Creates an account/,
    );
  });

  it('F11 names the xn-- form of a domain that is not in ASCII', async () => {
    const { ended, output } = cli(createAdmin('root@münchen.de'));
    expect(await ended).toBe(1);
    expect(output()).toBe('auth: Email must have its domain in ASCII, in the xn-- form: xn--mnchen-3ya.de\n');
  });

  it('refuses what sign-up would refuse, and tells how it is used', async () => {
    const short = cli([...createAdmin('nonsense'), '--password-stdin'], 'short\n');
    const strict = { PASSWORD_PROFILE: 'strict' };
    const common = cli([...createAdmin('a@example.com'), '--password-stdin'], 'P@ssw0rd2024!\n', strict);
    const usage = cli(['create-admin', '--password', 'as an argument']);
    expect(await short.ended).toBe(1);
    expect(short.output()).toMatch(/^auth: Email must be valid\nPassword must be between 8/);
    expect(await common.ended).toBe(1);
    expect(common.output()).toBe('auth: Password is too common\n');
    expect(await usage.ended).toBe(2);
    expect(usage.output()).toMatch(/^usage: /);
  });

  it.each([
    ['text that is not UTF-8', Buffer.from([...Buffer.from('correct horse '), 0xff, 0x0a]), 'text in UTF-8'],
    ['UTF-16', Buffer.from('\ufeffcorrect horse battery\n', 'utf16le'), 'text in UTF-8'],
    ['two lines', 'correct horse\nbattery staple\n', 'one line'],
    ['no line', '', 'no line'],
    ['an empty line', '\r\n', 'no line'],
    ['an endless line', 'x'.repeat(20_000), 'one line'],
    ['a password that is too long', `${'x'.repeat(129)}\n`, 'Password must be between 8'],
  ])('refuses %s on the standard input, and creates nobody', async (_what, input, problem) => {
    const { ended, output } = cli([...createAdmin('never@example.com'), '--password-stdin'], input);
    expect(await ended).toBe(1);
    expect(output()).toMatch(/^auth: .+\n$/);
    expect(output()).toContain(problem);
    expect(output()).not.toMatch(/horse|xxx/);
    expect(await service.users.exists({ email: 'never@example.com' })).toBeNull();
  });

  it('takes the line of a Windows program', async () => {
    const args = [...createAdmin('windows@example.com'), '--password-stdin'];
    expect(await cli(args, 'pässwörd of mine\r\n').ended).toBe(0);
    await signin('windows@example.com', 'pässwörd of mine').expect(200);
  });

  it.each(['josé@example.com', 'a@b.c\nx@example.com', '"a"@example.com', `${'a'.repeat(250)}@example.com`])(
    'refuses the address %j, as sign-up does',
    async (email) => {
      const { ended, output } = cli(createAdmin(email));
      expect(await ended).toBe(1);
      expect(output()).toMatch(/^auth: Email must (be|have) /);
    },
  );
});

describe('the commands about one address', () => {
  const parked = { kind: 'password-reset', status: 'parked', attempts: 12 } as const;
  const queue = (to: string, attrs: object) =>
    service.mails.create({
      to,
      kind: 'verification',
      dueAt: new Date(0),
      createdAt: service.now(),
      ...attrs,
    });

  it('why says what there is to know, and is on record', async () => {
    const browser = await service.signedUp('asks@example.com');
    await browser.put('/api/users/me/email').send({ email: 'new@example.com', password }).expect(202);
    await service.mailSettled();
    const { _id } = await service.users.findOne({ email: 'asks@example.com' }).lean().orFail();
    await service.users.updateOne({ _id }, { disabled: true });
    await queue('asks@example.com', { ...parked, lastError: '550 no \u001b[31msuch user\r\n' });
    const { code, lines } = await linesOf(['why', ' Asks@Example.com ']);
    expect(code).toBe(0);
    expect(lines).toEqual([
      'asks@example.com',
      expect.stringMatching(`^account: ${_id.toHexString()}, user, created 20.*Z$`),
      'disabled: yes, by an admin',
      'verified: no',
      'a change to another address waits for its confirmation',
      'sessions: 1',
      ...[
        'mailAccount, 1 of 10',
        'mailRecipient, 1 of 10',
        'mailRecipientNetwork, 1 of 5',
        'passwordAccount, 1 of 20',
      ].map((limit): unknown => expect.stringMatching(`^limit: ${limit} until 20.*Z$`)),
      expect.stringMatching(
        /^mail: parked, password-reset, asked for 20.*Z, attempts 12, because: 550 no \[31msuch user$/,
      ),
      expect.stringMatching(/^mail: sent, email-change-notice, asked for .*, attempts 1$/),
      expect.stringMatching(/^mail: sent, verification, asked for .*, attempts 1$/),
    ]);
    expect(await trailOf(_id)).toContainEqual(['looked-up', 'operator', undefined]);
  });

  it('why tells of a closed account, and of an address that nobody has', async () => {
    const browser = await service.signedUp('left@example.com');
    await browser.delete('/api/users/me').send({ password }).expect(204);
    const { lines } = await linesOf(['why', 'left@example.com']);
    expect(lines.slice(0, 3)).toEqual([
      'left@example.com',
      'account: none has this address',
      expect.stringMatching(/^closed: [0-9a-f]{24}, can be brought back by a link until 20.*Z$/),
    ]);
    const { code, lines: none } = await linesOf(['why', 'nobody@example.com']);
    expect(code).toBe(0);
    expect(none).toEqual(['nobody@example.com', 'account: none has this address', 'mails: none is known']);
  });

  it('resend queues the newest failed mail of each kind again, and is on record', async () => {
    const to = 'mailbox@example.com';
    await service.signedUp(to);
    await service.mailSettled();
    await service.worker?.stop();
    const { _id: user } = await service.users.findOne({ email: to }).lean().orFail();
    const later = new Date(Date.now() + 3_600_000);
    const waits = { user, status: 'pending', attempts: 3, dueAt: later, retryAt: later, lastError: 'down' };
    const [old, reset, failed, sending] = await Promise.all([
      queue(to, { ...parked, createdAt: new Date(0), expiresAt: later }),
      queue(to, { ...parked, expiresAt: later }),
      queue(to, { ...waits, kind: 'role-changed' }),
      queue(to, { ...waits, kind: 'account-enabled', retryAt: undefined }),
    ]);
    const closed = await queue(to, { ...parked, kind: 'account-closed', expiresAt: later });
    expect(await linesOf(['resend', to])).toEqual({ code: 0, lines: [`Queued mails to ${to} again: 3`] });
    const find = (_id: unknown) => service.mails.findById(_id).lean().orFail();
    expect(await find(old._id)).toMatchObject({ status: 'parked', expiresAt: later });
    for (const { _id } of [reset, failed, closed]) {
      const mail = await find(_id);
      expect(mail).toMatchObject({ status: 'pending', attempts: 0, dueAt: new Date(0) });
      expect(mail.expiresAt).toEqual(_id === closed._id ? later : undefined);
    }
    expect(await find(sending._id)).toMatchObject({ attempts: 3, dueAt: later });
    expect(await trailOf(user)).toContainEqual(['mails-resent', 'operator', 3]);
    service.worker?.start();
    await service.mailTo(to, 'Reset');
    await service.mails.deleteMany({ to });
    expect((await linesOf(['resend', to])).lines).toEqual([`No mail to ${to} has failed.`]);
  });

  it('unblock is on record', async () => {
    await service.signedUp('locked@example.com');
    const { _id } = await service.users.findOne({ email: 'locked@example.com' }).lean().orFail();
    const { code, lines } = await linesOf(['unblock', 'locked@example.com']);
    expect([code, ...lines]).toEqual([
      0,
      expect.stringMatching(/^Nothing is counted against locked@example.com/),
    ]);
    expect(await trailOf(_id)).toContainEqual(['unblocked', 'operator', undefined]);
  });

  it('refuse what is no address, and are told how they are used', async () => {
    expect(await linesOf(['why', 'nonsense'])).toEqual({ code: 1, lines: ['auth: Email must be valid'] });
    for (const args of [
      ['why'],
      ['why', 'a@example.com', 'b@example.com'],
      ['resend', 'a@example.com', '--password-stdin'],
      ['migrate', 'a@example.com'],
    ]) {
      const { code, lines } = await linesOf(args);
      expect([args, code, lines[0]]).toEqual([args, 2, 'usage: node dist/cli.js COMMAND']);
    }
  });
});

it('S49 create-admin is on record', async () => {
  expect(await cli(createAdmin('recorded@example.com')).ended).toBe(0);
  const { _id } = await service.users.findOne({ email: 'recorded@example.com' }).lean().orFail();
  expect(await trailOf(_id)).toEqual([['signed-up', 'operator', undefined]]);
});

it('S49 after-restore is on record', async () => {
  await service.signedUp('restored@example.com');
  expect(await cli(['after-restore']).ended).toBe(0);
  const told = await service.audit.findOne({ action: 'restored' }).lean();
  expect(told).toMatchObject({
    actor: 'operator',
    outcome: 'success',
    count: await service.users.countDocuments(),
  });
});
