import { createHash } from 'node:crypto';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createLogger } from '../../../logger';
import { commonPasswords } from '../common-passwords';
import { createPasswordRules, PasswordRules } from '../password-rules';

const email = 'ada.lovelace@analytical.example.com';
const productName = 'ticketing';
const problemOf = async (rules: PasswordRules, password: string): Promise<string> => {
  try {
    await rules.require(password, { email });
    return '';
  } catch (error) {
    return (error as Error).message;
  }
};

describe('the strict profile', () => {
  const strict = new PasswordRules({ profile: 'strict', productName });

  it.each([
    'correct horse battery',
    'a love of mountains',
    '7c1f0b2e94aa5d38',
    'ada walks to the river',
    'ticketing needs a long one',
    'пароль для моей сестры',
    '🎟️🎪🎠🎡🎢🎭🖼️🎨🧵🪡🧶🎷',
  ])('accepts %j', async (password) => {
    expect(await problemOf(strict, password)).toBe('');
  });

  it.each(['short', 'elevenchars', '🎟🎟🎟🎟🎟🎟🎟🎟🎟🎟🎟'])('refuses %j as too short', async (password) => {
    expect(await problemOf(strict, password)).toBe('Password must be at least 12 characters');
  });

  it.each([
    'passwordpassword',
    'PASSWORD2024',
    'P@ssw0rd2024!',
    '123456123456',
    '1234567890123456',
    'qwertyuiop123',
    'aaaaaaaaaaaaaaaa',
    '!!!dragon!!!',
    'iloveyou1234',
  ])('refuses %j as too common', async (password) => {
    expect(await problemOf(strict, password)).toBe('Password is too common');
  });

  it.each([
    'ada.lovelace@analytical.example.com',
    'AdaLovelace1815',
    'L0vel4ce2024',
    'analytical!!',
    'ticketing123',
    'T1cketing-T1cketing',
    'lovelaceTICKETING',
  ])('refuses %j because it consists of the address or the name of the service', async (password) => {
    expect(await problemOf(strict, password)).toMatch(/^Password must not be made of/);
  });

  it.each(['Grand Tour tickets', 'tickets', 'Grand-Tour'])(
    'takes the words of a name of several, and not those that are too short: %s',
    async (name) => {
      const rules = new PasswordRules({ profile: 'strict', productName: 'Grand Tour & tickets' });
      expect(await problemOf(rules, `${name}2024!`)).toMatch(/^Password must not be made of/);
      const short = new PasswordRules({ profile: 'strict', productName: 'a b c' });
      expect(await problemOf(short, 'a bookcase of blue')).toBe('');
    },
  );

  it('knows more than 10,000 common passwords', () => {
    expect(new Set(commonPasswords()).size).toBeGreaterThan(10_000);
    expect(commonPasswords().slice(0, 2)).toEqual(['123456', 'password']);
  });
});

describe('the default profile', () => {
  it('accepts every password that the routes accept', async () => {
    expect(await problemOf(new PasswordRules({ profile: 'default', productName }), 'password')).toBe('');
  });
});

describe('the check against leaked passwords', () => {
  const leaked = 'leaked in some breach';
  const hash = createHash('sha1').update(leaked).digest('hex').toUpperCase();
  const padding = createHash('sha1').update('padding').digest('hex').toUpperCase();
  let server: Server | undefined;
  const requests: string[] = [];
  const logs: string[] = [];

  /** Password rules that ask a real server with the given behaviour. */
  async function rules(answer: RequestListener): Promise<PasswordRules> {
    server = createServer((req, res) => {
      requests.push(`${req.method ?? ''} ${req.url ?? ''} ${String(req.headers['add-padding'])}`);
      answer(req, res);
    });
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
    const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/range/`);
    const logger = createLogger('info', { write: (line: string) => logs.push(line) });
    return createPasswordRules({ productName, passwordRules: { profile: 'default', pwnedUrl: url } }, logger);
  }

  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
    requests.length = 0;
    logs.length = 0;
  });

  it('sends five digits of the hash and asks for padding, and refuses a listed password', async () => {
    const listed = await rules((_req, res) => {
      res.end(`${padding.slice(5)}:0\r\n${hash.slice(5)}:37\r\n`);
    });
    expect(await problemOf(listed, leaked)).toBe('Password is known from a data leak');
    expect(requests).toEqual([`GET /range/${hash.slice(0, 5)} true`]);
    expect(await problemOf(listed, 'not on the list')).toBe('');
    expect(await problemOf(listed, 'padding')).toBe('');
  });

  it.each<[string, RequestListener]>([
    ['reports a failure', (_req, res) => res.writeHead(500).end(`${hash.slice(5)}:37`)],
    ['does not answer', () => undefined],
    ['does not end its response', (_req, res) => res.write(`${hash.slice(5)}:37\r\n`)],
    ['redirects', (_req, res) => res.writeHead(302, { Location: 'http://127.0.0.1:1/' }).end()],
    ['closes the connection', (req) => req.socket.destroy()],
  ])('accepts the password and logs the failure if the server %s', async (_what, answer) => {
    const started = Date.now();
    expect(await problemOf(await rules(answer), leaked)).toBe('');
    expect(Date.now() - started).toBeLessThan(5000);
    expect(logs).toHaveLength(1);
    expect(logs[0]).toContain('"event":"pwned_passwords_unavailable"');
    expect(logs[0]).not.toContain(leaked);
    expect(logs[0]).not.toContain(hash.slice(5));
  });
});
