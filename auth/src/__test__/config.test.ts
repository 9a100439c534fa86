import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ConfigError, readConfig, settingNames } from '../config';

const pem = (type: 'P-256' | 'P-384' | 'rsa'): string => {
  const { privateKey } =
    type === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: type });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
};

const encryptionKey = randomBytes(32).toString('base64');
const production = {
  MONGO_URI: 'mongodb://auth-mongo-srv:27017/auth',
  PUBLIC_URL: 'https://ticketing.dev',
  TRUST_PROXY: '1',
  KEY_ENCRYPTION_KEY: encryptionKey,
  SMTP_URL: 'smtp://mailer:hush@smtp.example.com:587',
};
const development = {
  NODE_ENV: 'development',
  MONGO_URI: production.MONGO_URI,
  KEY_ENCRYPTION_KEY: encryptionKey,
};

function problemsOf(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('readConfig', () => {
  it('uses production values unless NODE_ENV says otherwise', () => {
    const config = readConfig(production);
    expect(config).toMatchObject({
      production: true,
      port: 3000,
      healthPort: 3001,
      trustedProxies: 1,
      // Longer than the 60 s of nginx and the 90 s of Traefik.
      keepAliveSeconds: 100,
      jwt: { issuer: 'https://ticketing.dev', audience: 'ticketing', ttlSeconds: 900 },
      session: { idleSeconds: 604_800, maxSeconds: 2_592_000, maxPerAccount: 100 },
      password: { cost: { ln: 15, r: 8, p: 3 } },
    });
    expect(config.jwt.key).toBeUndefined();
    expect(config.keys).toEqual({
      encryptionKeys: [Buffer.from(encryptionKey, 'base64')],
      times: { rotationSeconds: 2_592_000, graceSeconds: 900, keptSeconds: 604_800 + 3600 },
    });
  });

  it('needs only MONGO_URI and KEY_ENCRYPTION_KEY in development, and treats an empty value as unset', () => {
    const config = readConfig({ ...development, PORT: '', JWT_PRIVATE_KEY: '' });
    expect(config).toMatchObject({
      production: false,
      port: 3000,
      jwt: { key: undefined, issuer: 'http://localhost:3000' },
    });
  });

  it('reads exactly the settings that docs/settings.md lists', () => {
    const page = readFileSync(path.resolve(__dirname, '../../docs/settings.md'), 'utf8');
    // Other programs read the settings below that heading.
    const [service = ''] = page.split('## `npm run dev` only');
    const listed = [...service.matchAll(/^\| `([A-Z_]+)`/gm)].map(([, name]) => name);
    expect(listed.sort()).toEqual([...settingNames].sort());
  });

  it.each(['0', '1001', 'many'])('refuses %j as the number of sessions of an account', (value) => {
    expect(problemsOf({ ...production, SESSIONS_PER_ACCOUNT: value })).toEqual([
      expect.stringMatching(/^SESSIONS_PER_ACCOUNT must/),
    ]);
  });

  it('accepts a private key with line breaks written as \\n', () => {
    const config = readConfig({ ...production, JWT_PRIVATE_KEY: pem('P-256').replaceAll('\n', '\\n') });
    expect(config.jwt.key?.asymmetricKeyType).toBe('ec');
  });

  it('S25 names every setting that is missing in production', () => {
    expect(problemsOf({})).toEqual([
      expect.stringMatching(/^MONGO_URI must/),
      expect.stringMatching(/^PUBLIC_URL must/),
      expect.stringMatching(/^TRUST_PROXY must/),
      expect.stringMatching(/^KEY_ENCRYPTION_KEY must be set/),
      expect.stringMatching(/^SMTP_URL must/),
    ]);
  });

  it('takes two key-encryption keys, the newest first', () => {
    const two = [1, 2].map(() => randomBytes(32).toString('base64'));
    const { keys } = readConfig({ ...production, KEY_ENCRYPTION_KEY: two.join(', ') });
    expect(keys.encryptionKeys.map((key) => key.toString('base64'))).toEqual(two);
  });

  it('keeps a key for an hour longer than a session lives without use', () => {
    const { keys } = readConfig({ ...production, SESSION_IDLE_SECONDS: '86400' });
    expect(keys.times.keptSeconds).toBe(86_400 + 3600);
  });

  it('S25 requires SMTP_URL in production unless MAIL is off', () => {
    const { SMTP_URL, ...without } = production;
    expect(SMTP_URL).toBeDefined();
    expect(problemsOf(without)).toEqual(['SMTP_URL must be set, or MAIL to off']);
    expect(readConfig({ ...without, MAIL: 'off' }).mail).toBeUndefined();
    expect(readConfig(production).mail).toMatchObject({ from: 'ticketing <no-reply@ticketing.dev>' });
    expect(readConfig(development).mail).toBeUndefined();
  });

  it.each([
    ['REQUIRE_VERIFIED_EMAIL', 'true'],
    ['SIGNUP_MODE', 'verify-first'],
  ])('S25 refuses %s=%s if the service sends no mail', (name, value) => {
    expect(problemsOf({ ...production, MAIL: 'off', [name]: value })).toEqual([
      `${name} must not be ${value} without SMTP_URL`,
    ]);
    expect(problemsOf({ ...production, [name]: value })).toEqual([]);
  });

  it.each([
    ['NODE_ENV', 'prod'],
    ['PORT', '70000'],
    ['PORT', '3000x'],
    ['HEALTH_PORT', '-1'],
    ['LOG_LEVEL', 'loud'],
    ['MONGO_URI', 'postgres://somebody:hush@host/auth'],
    ['MONGO_URI', 'mongodb://somebody:hush@host:27017'],
    ['PUBLIC_URL', 'http://ticketing.dev'],
    ['PUBLIC_URL', 'ticketing.dev'],
    ['TRUST_PROXY', 'true'],
    ['JWT_PRIVATE_KEY', 'hush'],
    ['JWT_PRIVATE_KEY', pem('P-384')],
    ['JWT_PRIVATE_KEY', pem('rsa')],
    ['KEY_ENCRYPTION_KEY', 'hush'],
    ['KEY_ENCRYPTION_KEY', randomBytes(31).toString('base64')],
    ['KEY_ENCRYPTION_KEY', Buffer.alloc(32, 1).toString('base64')],
    ['KEY_ENCRYPTION_KEY', randomBytes(32).toString('hex')],
    ['KEY_ENCRYPTION_KEY', `${encryptionKey},`],
    ['KEY_ENCRYPTION_KEY', `${encryptionKey},${encryptionKey}`],
    ['KEY_ENCRYPTION_KEY', [1, 2, 3].map(() => randomBytes(32).toString('base64')).join(',')],
    ['KEY_ROTATION_SECONDS', '3600'],
    ['KEY_GRACE_SECONDS', '10'],
    ['JWT_TTL_SECONDS', '5'],
    ['SESSION_IDLE_SECONDS', '0'],
    ['SESSION_MAX_SECONDS', 'a month'],
    ['PASSWORD_COST', 'ln=10,r=8,p=1'],
    ['PASSWORD_COST', 'ln=15,r=8,p=1'],
    ['PASSWORD_COST', '32768'],
    ['PASSWORD_COST', 'ln=22,r=8,p=1'],
    ['HASH_CONCURRENCY', '0'],
    ['HASH_QUEUE', '1.5'],
    ['PASSWORD_PROFILE', 'lax'],
    ['PWNED_PASSWORDS_URL', 'http://hush.example.com/range/'],
    ['PWNED_PASSWORDS_URL', 'https://hush.example.com/range'],
    ['MAIL', 'maybe'],
    ['SMTP_URL', 'https://hush@smtp.example.com'],
    ['SMTP_URL', 'smtp://'],
    ['MAIL_COOL_DOWN_SECONDS', '3600'],
    ['MAIL_COOL_DOWN_SECONDS', '-1'],
    ['MAIL_FROM', 'nobody'],
    ['MAIL_FROM', 'a@b.c\nBcc: hush@example.com'],
    ['REQUIRE_VERIFIED_EMAIL', 'yes'],
    ['PUBLIC_URL', 'https://hush@ticketing.dev'],
    ['PUBLIC_URL', 'https://ticketing.dev/hush'],
    ['PUBLIC_URL', 'https://ticketing.dev?hush'],
    ['PUBLIC_URL', 'https://ticketing.dev/#hush'],
    ['PWNED_PASSWORDS_URL', 'https://user:hush@pwned.example.com/range/'],
    ['PWNED_PASSWORDS_URL', 'https://pwned.example.com/range/?key=hush'],
    ['SMTP_URL', 'smtp://user:%zzhush@smtp.example.com'],
    ['SMTP_URL', 'smtp://smtp.example.com:0'],
    ['SMTP_URL', 'smtp://smtp.example.com/hush'],
    ['SMTP_URL', 'smtp://smtp.example.com?ignoreTLS=true'],
    ['SMTP_URL', 'smtp://smtp.example.com?tls.rejectUnauthorized=false'],
    ['SMTP_URL', 'smtp://smtp.example.com?requireTLS=hush'],
    ['SMTP_URL', 'smtp://user:pass?word=hush@smtp.example.com'],
    ['MAIL_FROM', 'josé@hush.example'],
    ['MAIL_FROM', 'A, b@hush.example'],
    ['MAIL_FROM', 'a@b.c, d@hush.example'],
    ['MAIL_FROM', 'The "hush" office <a@b.c>'],
    ['MAIL_FROM', 'hush \u202Eeciffo <a@b.c>'],
    ['MAIL_FROM', 'hush \uFFFD <a@b.c>'],
    ['JWT_AUDIENCE', 'hush\u0000'],
    ['JWT_ISSUER', 'hu\nsh'],
    ['SIGNUP_MODE', 'closed'],
    ['LIMITS', 'hush'],
    ['LIMITS_OFF_ACCEPTED', 'hush'],
    ['LIMITS_WAIT_MS', '1'],
    ['LIMIT_SIGNIN_ACCOUNT', '50'],
    ['LIMIT_SIGNIN_ACCOUNT', '50/2d'],
    ['CLOSED_ACCOUNT_SECONDS', '604801'],
    ['CLOSED_ACCOUNT_SECONDS', 'hush'],
  ])('S25 refuses %s=%j in production, with one line that has the name but not the value', (name, value) => {
    const problems = problemsOf({ ...production, [name]: value });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(new RegExp(`^${name} (must|is|can’t be used) ?`));
    expect(problems[0]).not.toContain('hush');
    expect(problems[0]).not.toContain('BEGIN');
  });

  it.each(['ln=17,r=8,p=1', 'ln=14,r=8,p=5', 'ln=13,r=8,p=10'])('accepts the password cost %s', (cost) => {
    expect(problemsOf({ ...production, PASSWORD_COST: cost })).toEqual([]);
  });

  it('accepts a cheap password cost outside production', () => {
    expect(problemsOf({ ...development, PASSWORD_COST: 'ln=4,r=8,p=1' })).toEqual([]);
  });

  it('keeps closed accounts for 7 days unless told otherwise', () => {
    expect(readConfig(production).closedAccountSeconds).toBe(7 * 24 * 60 * 60);
    expect(readConfig({ ...production, CLOSED_ACCOUNT_SECONDS: '0' }).closedAccountSeconds).toBe(0);
  });

  it('S25 refuses LIMITS=off in production unless that is accepted', () => {
    const refused = ['LIMITS must not be off in production, unless LIMITS_OFF_ACCEPTED is yes'];
    expect(problemsOf({ ...production, LIMITS: 'off' })).toEqual(refused);
    expect(readConfig({ ...production, LIMITS: 'off', LIMITS_OFF_ACCEPTED: 'yes' }).limits.rates).toEqual({});
    expect(readConfig({ ...development, LIMITS: 'off' }).limits.rates).toEqual({});
    const { rates } = readConfig({ ...production, LIMIT_SIGNIN_ACCOUNT: '50/1h' }).limits;
    expect(rates.signinAccount).toEqual({ points: 50, seconds: 3600 });
    expect(rates.signinAccountNetwork).toEqual({ points: 10, seconds: 900 });
  });

  it('has every setting in docs/settings.md', () => {
    const page = readFileSync(path.resolve(__dirname, '../../docs/settings.md'), 'utf8');
    expect(settingNames.filter((name) => !page.includes(`| \`${name}\``))).toEqual([]);
  });

  it.each(Object.keys(production))('takes %s with white space around it', (name) => {
    const value = production[name as keyof typeof production];
    expect(readConfig({ ...production, [name]: ` ${value}\r\n` })).toEqual(readConfig(production));
  });

  it.each([
    'Tickets: a (b), c; d <office@tickets.example>',
    '"Tickets, Inc." <office@tickets.example>',
    'Füße & Schuhe 🎟 <office@tickets.example>',
    'office@localhost',
  ])('takes %s as the sender', (sender) => {
    expect(readConfig({ ...production, MAIL_FROM: sender }).mail).toMatchObject({ from: sender });
  });

  it.each(['T', 'Füße & Schuhe 🎟', '<b>Tickets</b> · "today"', '🎟'.repeat(40)])(
    'takes %s as the name',
    (name) => {
      expect(readConfig({ ...production, PRODUCT_NAME: name }).productName).toBe(name);
    },
  );

  it.each([
    'x'.repeat(41),
    '🎟'.repeat(41),
    'a\u202Eb',
    'a\u2028b',
    'a\u0007b',
    'a\nb',
    'a\uE000',
    '\u200B',
    'a\u200F',
    '\u200D',
    '-',
  ])('refuses %j as the name', (name) => {
    expect(problemsOf({ ...production, PRODUCT_NAME: name })).toEqual([
      expect.stringMatching(/^PRODUCT_NAME must be/),
    ]);
  });

  it('calls the service ticketing unless it has another name', () => {
    expect(readConfig({ ...production, PRODUCT_NAME: ' ' }).productName).toBe('ticketing');
  });

  it('takes the options of SMTP_URL that encrypt more', () => {
    const url = 'smtps://a%40b:p%3Aw@smtp.example.com:465?requireTLS=true&tls.servername=mail.example.com';
    expect(problemsOf({ ...production, SMTP_URL: url })).toEqual([]);
  });

  it.each([
    ['F20', { SESSION_IDLE_SECONDS: '10' }, 'SESSION_IDLE_SECONDS must be more than JWT_TTL_SECONDS'],
    ['F20', { SESSION_IDLE_SECONDS: '900' }, 'SESSION_IDLE_SECONDS must be more than JWT_TTL_SECONDS'],
    [
      'F20',
      { SESSION_MAX_SECONDS: '10', SESSION_IDLE_SECONDS: '1000' },
      'SESSION_MAX_SECONDS must not be less than JWT_TTL_SECONDS',
    ],
    ['S25', { PORT: '4000', HEALTH_PORT: '4000' }, 'HEALTH_PORT must be another port than PORT'],
    ['S25', { PORT: '3001' }, 'HEALTH_PORT must be another port than PORT'],
    [
      'S25',
      { MAIL: 'off', CLOSED_ACCOUNT_SECONDS: '60' },
      'CLOSED_ACCOUNT_SECONDS must not be more than 0 with MAIL=off',
    ],
  ])('%s refuses settings that contradict each other: %j', (_row, set, problem) => {
    expect(problemsOf({ ...production, ...set })).toEqual([expect.stringMatching(`^${problem}`)]);
  });

  it.each([
    { SESSION_IDLE_SECONDS: '901', SESSION_MAX_SECONDS: '900' },
    { PORT: '0', HEALTH_PORT: '0', MONGO_URI: production.MONGO_URI },
    { MAIL: 'off', CLOSED_ACCOUNT_SECONDS: '0' },
    { MAIL: 'off' },
  ])('takes settings that go together: %j', (set) => {
    expect(problemsOf({ ...production, ...set })).toEqual([]);
  });
});
