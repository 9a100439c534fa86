import { randomBytes } from 'node:crypto';
import { keySettings } from '../test/keys';
import { linesIn, runCommand } from '../test/process';
import { useService } from '../test/service';

const service = useService({ mailing: 'off' });

// Each command is a process, and revoke-key waits for all others to have read the keys.
jest.setTimeout(240_000);

/** Runs a command with the settings of a pod, and answers what it prints without the log. */
async function cli(args: string[], input = '', settings: NodeJS.ProcessEnv = {}) {
  const { host, port, name } = service.connection;
  const MONGO_URI = `mongodb://${host}:${port}/${name}?replicaSet=rs0`;
  const { ended, output } = runCommand(args, { MONGO_URI, ...settings }, input);
  const code = await ended;
  return { code, text: linesIn(output()).join('\n') };
}
const stored = async () => (await service.keyring.findById('keyring').lean().orFail()).keys;
const kids = async () => (await stored()).map(({ kid }) => kid);
const signer = async (): Promise<string> => {
  await service.keyRing.read();
  return (await service.keyRing.signer()).kid;
};
async function entryOf(action: string) {
  return service.audit.findOne({ action }).sort({ _id: -1 }).lean();
}

beforeEach(async () => {
  await service.keys.store.replaceAll();
  // A test may have left one that this process can't decrypt.
  await service.keyRing.read();
});

describe('list-keys', () => {
  it('tells of each key its state and dates, and nothing secret', async () => {
    const { next } = await service.keys.store.rotate();
    const present = await signer();
    const { code, text } = await cli(['list-keys']);
    expect(code).toBe(0);
    expect(text.split('\n')).toEqual([
      expect.stringMatching(
        RegExp(`^${present}: current, signs from .*Z to .*Z, verifies until .*Z, encrypted with`),
      ),
      expect.stringMatching(RegExp(`^${next.kid}: next, signs from .*Z, encrypted with [\\w-]{16}$`)),
      expect.stringMatching(/^KEY_ENCRYPTION_KEY: [\w-]{16}$/),
    ]);
    for (const { sealed } of await stored()) expect(text).not.toContain(sealed?.text);
    expect(text).not.toContain(keySettings.KEY_ENCRYPTION_KEY);
  });
});

describe('rotate-keys', () => {
  it('publishes the next key, says when it signs, and is on record', async () => {
    const before = await signer();
    const first = await cli(['rotate-keys']);
    const [, next] = await kids();
    expect(first).toEqual({
      code: 0,
      text: expect.stringMatching(
        RegExp(`^The next key ${next} is published. It signs from .*Z on. Nobody is`),
      ),
    });
    expect(await signer()).toBe(before);
    expect((await cli(['rotate-keys'])).text).toMatch(RegExp(`^The next key ${next} is published already.`));
    expect(await kids()).toHaveLength(2);
    expect(await entryOf('keys-rotated')).toMatchObject({ actor: 'operator', outcome: 'success' });
  });
});

describe('reencrypt-keys', () => {
  it('encrypts every key with the first key-encryption key, and is on record', async () => {
    const newest = randomBytes(32).toString('base64');
    const both = { KEY_ENCRYPTION_KEY: `${newest},${keySettings.KEY_ENCRYPTION_KEY}` };
    const [before] = await stored();
    expect(await cli(['reencrypt-keys'], '', both)).toMatchObject({
      code: 0,
      text: expect.stringMatching(/^Encrypted 1 /),
    });
    expect((await cli(['reencrypt-keys'], '', both)).text).toMatch(/^Encrypted 0 /);
    const [after] = await stored();
    expect(after).toMatchObject({ kid: before?.kid, signsFrom: before?.signsFrom });
    expect(after?.sealed?.by).not.toBe(before?.sealed?.by);
    expect(await entryOf('keys-reencrypted')).toMatchObject({ actor: 'operator', count: 1 });
    const lost = await cli(['reencrypt-keys'], '', {
      KEY_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    });
    expect(lost).toMatchObject({
      code: 1,
      text: expect.stringMatching(/^auth: KEY_ENCRYPTION_KEY must contain/),
    });
  });
});

describe('revoke-key', () => {
  it('withdraws every key, ends every session for good, and is on record', async () => {
    const browser = await service.signedUp('keys-revoked@example.com');
    const { generation: before = 0 } = await service.users
      .findOne({ email: 'keys-revoked@example.com' })
      .lean()
      .orFail();
    await service.keys.store.rotate();
    const present = await signer();
    const { code, text } = await cli(['revoke-key', present, '--yes']);
    expect(code).toBe(0);
    expect(text).toMatch(/Everybody has to sign in again/);
    const now = await signer();
    expect(await kids()).toEqual([now]);
    expect(now).not.toBe(present);
    await browser.get('/api/users/currentuser').expect(200, { currentUser: null });
    const user = await service.users.findOne({ email: 'keys-revoked@example.com' }).lean().orFail();
    expect(user.generation).toBe(before + 1);
    expect(await entryOf('keys-revoked')).toMatchObject({ actor: 'operator' });
  });

  it('says first that it signs everybody out, and does nothing unless the answer is yes', async () => {
    const present = await signer();
    for (const input of ['', '\n', 'no\n', 'y\n']) {
      const { code, text } = await cli(['revoke-key', present], input);
      expect({ code, text }).toEqual({
        code: 0,
        text: expect.stringMatching(/signs EVERYBODY out(.|\n)*Nothing was changed/),
      });
    }
    expect(await kids()).toEqual([present]);
    expect((await cli(['revoke-key', present], 'yes\n')).text).toMatch(/Everybody has to sign in again/);
    expect(await kids()).not.toContain(present);
  });

  it('refuses a key that is not there, and options that it does not take', async () => {
    const before = await stored();
    expect(await cli(['revoke-key', 'another', '--yes'])).toEqual({
      code: 1,
      text: 'auth: There is no key another: list-keys lists them',
    });
    for (const args of [
      ['revoke-key'],
      ['revoke-key', 'a', 'b'],
      ['rotate-keys', '--yes'],
      ['revoke-key', 'a', '--email', 'b'],
    ])
      expect(await cli(args)).toMatchObject({ code: 2, text: expect.stringMatching(/^usage:/) });
    expect(await stored()).toEqual(before);
  });

  it('helps where the key-encryption key is lost', async () => {
    const present = await signer();
    const settings = { KEY_ENCRYPTION_KEY: randomBytes(32).toString('base64') };
    expect((await cli(['revoke-key', present, '--yes'], '', settings)).code).toBe(0);
    expect(await kids()).toHaveLength(1);
    expect(await kids()).not.toContain(present);
  });
});

describe('after-restore', () => {
  it('withdraws every key of the dump and makes one', async () => {
    const { next } = await service.keys.store.rotate();
    const present = await signer();
    const { code, text } = await cli(['after-restore']);
    expect({ code, text }).toEqual({ code: 0, text: expect.stringMatching(/made a new signing key/) });
    const [made, ...more] = await kids();
    expect(more).toEqual([]);
    expect([present, next.kid]).not.toContain(made);
    expect(await signer()).toBe(made);
  });

  it('makes one where the dump has none', async () => {
    await service.keyring.deleteMany();
    expect((await cli(['after-restore'])).code).toBe(0);
    expect(await kids()).toHaveLength(1);
  });
});
